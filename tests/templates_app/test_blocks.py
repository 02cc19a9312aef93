"""The block editor: designs become MJML, are kept by themselves, and nothing hostile comes through."""

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from PIL import Image as Pillow

from config.models import User
from templates_app import composing, designing, mjml, picturing, publishing, rendering
from templates_app.blocks import registry
from templates_app.models import Brand, Image, Template
from tests.make import NOW

pytestmark = pytest.mark.django_db


def signed_in(*names: str) -> Client:
    user = User.objects.create_user("-".join(names) or "nobody", password="x")
    user.user_permissions.set(Permission.objects.filter(codename__in=[f"{name}_template" for name in names]))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client() -> Client:
    return signed_in("view", "change", "publish")


def made(**words: Any) -> Template:
    design = designing.empty(("heading", {"text": "Hello {{ contact.first_name }}"}), ("footer", {}))
    return publishing.create("Spring", "email", {"subject": "Hi", **composing.words(design), **words}, None)


def posted(client: Client, template: Template, what: str, **sent: Any) -> Any:
    sent = {"design": template.versions.get().design, "subject": "Hi", "preheader": "", **sent}
    return client.post(f"/templates/{template.pk}/blocks/{what}/", json.dumps(sent), content_type="application/json")


@pytest.mark.parametrize("key", registry())
def test_every_kind_of_block_becomes_mjml_that_compiles(key: str) -> None:
    design = designing.empty((key, {}))
    assert designing.problems(design) == []
    body = designing.mjml_of(design, marked=True)
    assert mjml.problems(body) == rendering.problems(body) == []
    assert 'class="wp-block-b1' in mjml.compile(body)


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("text", {"html": '<p onclick="x()">a<script>alert(1)</script><a href="javascript:x()">b</a></p>'}),
        ("text", {"html": "</mj-text><mj-raw><script>x()</script></mj-raw>"}),
        ("heading", {"text": '</mj-text><mj-raw><script>x()</script></mj-raw><mj-text x="'}),
        ("button", {"text": "<script>x()</script>", "href": "javascript:x()", "background": '#fff" onclick="x()'}),
        ("image", {"src": "https://x.example/a.png", "alt": '" onerror="x()', "href": "data:text/html,<script>"}),
        ("social", {"links": [{"label": "<script>x()</script>", "url": "javascript:x()"}]}),
        ("products", {"list": "items %}{{ 1 }}", "title": "name }}<script>"}),
        ("raw", {"html": "</mj-text><mj-include path='/etc/passwd' />"}),
        ("footer", {"html": "<img src=x onerror=x()>", "words": "<script>"}),
    ],
)
def test_what_is_written_into_a_block_stays_in_it(key: str, values: dict[str, Any]) -> None:
    html = mjml.compile(designing.mjml_of(designing.empty((key, values)))).lower()
    assert "<script" not in html
    assert "javascript:" not in html
    assert "onclick=" not in html.replace("&quot;", "") or "&quot; onclick" in html
    assert "mj-include" not in html
    assert ' onerror="' not in html


def test_liquid_goes_through_every_field_unharmed() -> None:
    liquid = '{{ contact.first_name | default: "you" }}'
    design = designing.empty(
        ("heading", {"text": f"Hi {liquid} & co"}),
        ("text", {"html": f'<p>{{% if contact.first_name != "x" %}}{liquid}{{% endif %}}</p>'}),
        ("button", {"text": liquid, "href": "https://x.example/?n={{ contact.id }}"}),
    )
    assert designing.problems(design) == []
    html = mjml.compile(designing.mjml_of(design))
    assert f"Hi {liquid} &amp; co" in html
    assert '{% if contact.first_name != "x" %}' in html
    assert "https://x.example/?n={{ contact.id }}" in html


@pytest.mark.parametrize(
    "design",
    [
        None,
        [],
        {"sections": 1},
        {"sections": [{"id": "s1", "layout": "9", "columns": []}]},
        {"sections": [{"id": "s1", "layout": "1", "columns": [[], []]}]},
        {"sections": [{"id": "s1", "layout": "1", "columns": [[{"id": "s1", "type": "text", "values": {}}]]}]},
        {"sections": [{"id": 'a"b', "layout": "1", "columns": [[]]}]},
        {"sections": [{"id": "s1", "layout": "1", "columns": [[{"id": "b1", "type": "base", "values": {}}]]}]},
        {"sections": [{"id": f"s{n}", "layout": "1", "columns": [[]]} for n in range(61)]},
    ],
)
def test_what_is_no_design_is_refused(client: Client, design: Any) -> None:
    template = made()
    answer = posted(client, template, "save", design=design, revision=0)
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert template.versions.get().revision == 0


def test_a_design_is_kept_with_the_mjml_that_it_means(client: Client) -> None:
    template = made()
    design = designing.empty(("heading", {"text": "Good morning"}))
    assert posted(client, template, "save", design=design, subject="Morning", revision=0).json() == {"revision": 1}
    version = template.versions.get()
    assert (version.design, version.subject, version.markup) == (design, "Morning", "mjml")
    assert "Good morning" in version.body


def test_whoever_comes_second_does_not_overwrite_the_first(client: Client) -> None:
    template = made()
    assert posted(client, template, "save", revision=0, subject="First").status_code == 200
    second = posted(client, template, "save", revision=0, subject="Second")
    assert second.status_code == 409
    assert template.versions.get().subject == "First"


def test_what_is_in_review_is_not_saved_over(client: Client) -> None:
    template = made()
    publishing.submit(template.versions.get(), None, NOW)
    assert posted(client, template, "save", revision=0, subject="Late").status_code == 404
    assert template.versions.get().subject == "Hi"


def test_a_value_that_cannot_be_used_is_kept_said_and_not_published(client: Client) -> None:
    template = made()
    design = designing.empty(("button", {"href": "javascript:x()"}))
    assert posted(client, template, "save", design=design, revision=0).status_code == 200
    told = posted(client, template, "render", design=design).json()
    assert [(one["place"], one["field"]) for one in told["problems"]] == [("b1", "href")]
    with pytest.raises(publishing.Unpublishable, match="address"):
        publishing.publish(template.versions.get(), None, NOW)
    assert template.versions.get().design == design


def test_the_mail_is_shown_as_it_would_be_with_marks_for_the_editor(client: Client) -> None:
    told = posted(client, made(), "render").json()
    assert "Hello Ada" in told["html"]
    assert 'class="wp-block-b1' in told["html"]
    assert "wp-block-b1" not in made_body()


def made_body() -> str:
    return Template.objects.get().versions.get().body


def test_the_brand_goes_into_mails_that_say_nothing_else(client: Client) -> None:
    Brand.objects.create(accent="#ff0000", address="1 Road, Paris")
    design = designing.empty(("button", {}), ("footer", {}))
    body = composing.words(design)["body"]
    assert "#ff0000" in body and "1 Road, Paris" in body
    design["look"] = {"accent": "#00ff00"}
    assert "#ff0000" not in composing.words(design)["body"]


def test_going_on_in_mjml_keeps_the_words_and_drops_the_blocks(client: Client) -> None:
    template = made()
    client.post(f"/templates/{template.pk}/blocks/to-code/")
    version = template.versions.get()
    assert version.design is None
    assert "<mjml>" in version.body
    assert 'name="body"' in client.get(f"/templates/{template.pk}/").content.decode()


def test_the_frame_may_be_reached_into_because_nothing_runs_in_it(client: Client) -> None:
    policy = client.get("/templates/blocks/canvas/")["Content-Security-Policy"]
    assert "sandbox allow-same-origin;" in policy
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy


def png(width: int = 4, height: int = 3) -> bytes:
    out = io.BytesIO()
    Pillow.new("RGB", (width, height), "red").save(out, "PNG")
    return out.getvalue()


def uploaded(client: Client, name: str, data: bytes) -> Any:
    file = io.BytesIO(data)
    file.name = name
    return client.post("/templates/images/", {"picture": file})


def test_a_picture_is_served_to_whoever_reads_the_mail_and_kept_once(client: Client) -> None:
    first = uploaded(client, "a.png", png()).json()
    assert (first["width"], first["height"]) == (4, 3)
    assert uploaded(client, "b.png", png()).json() == first
    path = first["url"].split("/", 3)[3]
    shown = Client().get(f"/{path}")
    assert (shown.content, shown["Content-Type"]) == (png(), "image/png")
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown["Content-Security-Policy"]
    assert "immutable" in shown["Cache-Control"]


@pytest.mark.parametrize("name", ["subject", "preheader"])
@pytest.mark.parametrize("value", ["half \ud800", "no\0thing", 7, None, "x" * 501])
def test_lines_that_nobody_can_keep_are_refused(client: Client, name: str, value: Any) -> None:
    template = made()
    assert posted(client, template, "save", revision=0, **{name: value}).status_code == 400
    assert template.versions.get().subject == "Hi"


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script>x()</script></svg>", "no picture"),
        ("a.png", b"<html><script>x()</script>", "no picture"),
        ("a.png", png()[:30], "no picture|damaged"),
        ("a.png", b"GIF89a", "no picture|damaged"),
        ("a.png", b"\x89PNG" + b"0" * picturing.LARGEST, "at most 2 MB"),
    ],
)
def test_what_is_no_picture_is_refused(client: Client, name: str, data: bytes, sentence: str) -> None:
    answer = uploaded(client, name, data)
    assert answer.status_code == 400
    assert any(one in answer.json()["detail"] for one in sentence.split("|"))
    assert not Image.objects.exists()


def test_who_may_only_look_saves_and_uploads_nothing() -> None:
    template = made()
    viewer = signed_in("view")
    assert posted(viewer, template, "save", revision=0).status_code == 403
    assert uploaded(viewer, "a.png", png()).status_code == 403
    assert viewer.post(f"/templates/{template.pk}/blocks/to-code/").status_code == 403
    assert viewer.get(f"/templates/{template.pk}/").status_code == 200
    assert posted(viewer, template, "render").status_code == 200


def test_the_brand_is_set_with_a_logo_and_refuses_what_is_none() -> None:
    user = User.objects.create_user("ann", password="x")
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_template", "change_brand"]))
    client = Client()
    client.force_login(user)
    white, black = "#ffffff", "#000000"
    colours = {"accent": "#112233", "text": black, "background": white, "surface": white}
    said = {**colours, "logo": "", "address": "X", "font": "Helvetica, Arial, sans-serif"}
    file = io.BytesIO(png())
    file.name = "logo.png"
    assert client.post("/settings/brand/", {**said, "picture": file}).status_code == 302
    assert (Brand.current().accent, "/i/" in Brand.current().logo) == ("#112233", True)
    wrong = client.post("/settings/brand/", {**said, "accent": "red", "logo": "javascript:x()"}).content.decode()
    assert "A colour is written #rrggbb." in wrong and "begins with https://" in wrong
    assert signed_in("view").post("/settings/brand/", said).status_code == 403
