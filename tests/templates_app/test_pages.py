"""The template pages, as a marketer and as somebody who may not."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from config.models import User
from contacts import timeline
from contacts.timeline import NewEvent
from templates_app.models import Template, TemplateVersion
from templates_app.starters import starters
from tests import make

pytestmark = pytest.mark.django_db


def signed_in(*permissions: str) -> Client:
    user = User.objects.create_user("ann", password="x")
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client() -> Client:
    names = ["view", "add", "change", "delete", "publish"]
    return signed_in(*[f"{name}_template" for name in names])


def created(client: Client, channel: str = "email", starter: str = "newsletter") -> Template:
    answer = client.post("/templates/new/", {"name": "Spring", "channel": channel, "starter": starter})
    assert answer.status_code == 302
    return Template.objects.get()


def words(**changes: str) -> dict[str, str]:
    body = '<p>Hi {{ contact.first_name }} <a href="{{ unsubscribe_url }}">off</a></p>'
    return {"subject": "Hi", "preheader": "", "markup": "html", "body": body} | changes


@pytest.mark.parametrize("starter", starters())
def test_an_email_starts_from_a_design_in_the_block_editor(client: Client, starter: str) -> None:
    template = created(client, starter=starter)
    page = client.get(f"/templates/{template.pk}/").content.decode()
    assert 'id="blocks-design"' in page
    assert template.versions.get().design == starters()[starter].design


def test_html_of_ones_own_shows_in_the_preview(client: Client) -> None:
    template = created(client, starter="html")
    page = client.get(f"/templates/{template.pk}/").content.decode()
    frame = re.search(r'src="(/templates/preview/[^"]+)"', page)
    assert frame is not None
    shown = client.get(frame.group(1))
    assert "Ada" in shown.content.decode()
    assert "script-src" not in shown["Content-Security-Policy"]
    assert "default-src 'none'" in shown["Content-Security-Policy"]
    assert "sandbox allow-popups" in shown["Content-Security-Policy"]


def test_words_are_saved_and_published(client: Client) -> None:
    template = created(client)
    assert client.post(f"/templates/{template.pk}/", words(do="publish")).status_code == 302
    template.refresh_from_db()
    assert template.published.subject == "Hi"
    assert "Published" in client.get("/templates/").content.decode()


def test_words_that_cannot_be_sent_are_saved_and_not_published(client: Client) -> None:
    template = created(client)
    page = client.post(f"/templates/{template.pk}/", words(do="publish", subject="{{ contact.frist_name }}"))
    assert "frist_name" in page.content.decode()
    template.refresh_from_db()
    assert template.published is None
    assert template.versions.get().subject == "{{ contact.frist_name }}"


def test_the_preview_follows_what_is_typed_and_saves_nothing(client: Client) -> None:
    template = created(client)
    answer = client.post(
        f"/templates/{template.pk}/preview/", words(subject="Dear {{ contact.first_name }}", body="{% if")
    )
    shown = answer.content.decode()
    assert "Line 1" in shown
    answer = client.post(f"/templates/{template.pk}/preview/", words(subject="Dear {{ contact.first_name }}"))
    assert "Dear Ada" in answer.content.decode()
    assert template.versions.get().subject == "What is new this month"


def test_a_text_message_counts_its_parts(client: Client) -> None:
    template = created(client, channel="sms")
    answer = client.post(f"/templates/{template.pk}/preview/", {"body": "a" * 161})
    assert "2 parts" in answer.content.decode()


def test_a_published_version_is_read_and_changed_in_a_new_draft(client: Client) -> None:
    template = created(client)
    client.post(f"/templates/{template.pk}/", words(do="publish"))
    assert client.post(f"/templates/{template.pk}/", words(subject="Changed", do="save")).status_code == 403
    client.post(f"/templates/{template.pk}/draft/")
    client.post(f"/templates/{template.pk}/", words(subject="Changed", do="save"))
    assert [version.subject for version in template.versions.all()] == ["Changed", "Hi"]
    client.post(f"/templates/{template.pk}/reject/", {"review": "Shorter"})
    assert template.versions.first().state == TemplateVersion.State.REJECTED


def test_a_template_is_deleted(client: Client) -> None:
    template = created(client)
    client.post(f"/templates/{template.pk}/delete/")
    assert not Template.objects.exists()


def test_two_templates_of_a_channel_never_share_a_name(client: Client) -> None:
    created(client)
    answer = client.post("/templates/new/", {"name": "SPRING", "channel": "email", "starter": "plain"})
    assert "Another template" in answer.content.decode()
    assert Template.objects.count() == 1


def test_who_may_only_look_changes_nothing(client: Client) -> None:
    template = created(client)
    User.objects.filter(username="ann").update(username="first")
    viewer = signed_in("view_template")
    assert viewer.get(f"/templates/{template.pk}/").status_code == 200
    assert viewer.post(f"/templates/{template.pk}/", words(do="save")).status_code == 403
    for path in ("new/", f"{template.pk}/draft/", f"{template.pk}/reject/", f"{template.pk}/delete/"):
        assert viewer.post(f"/templates/{path}", {}).status_code == 403
    assert Client().get("/templates/").status_code == 302


def test_who_may_write_does_not_thereby_publish(client: Client) -> None:
    template = created(client)
    User.objects.filter(username="ann").update(username="first")
    writer = signed_in("view_template", "change_template")
    assert writer.post(f"/templates/{template.pk}/", words(do="publish")).status_code == 403
    assert writer.post(f"/templates/{template.pk}/", words(do="save")).status_code == 302
    template.refresh_from_db()
    assert template.published is None


def test_a_writer_asks_a_reviewer_answers_and_the_writer_reads_the_words(client: Client) -> None:
    template = created(client)
    User.objects.filter(username="ann").update(username="first")
    writer = signed_in("view_template", "change_template")
    writer.post(f"/templates/{template.pk}/", words(do="submit"))
    assert template.versions.get().state == "in_review"
    assert writer.post(f"/templates/{template.pk}/publish/").status_code == 403
    assert writer.post(f"/templates/{template.pk}/reject/", {"review": "No"}).status_code == 403
    assert "In review" in client.get("/templates/?state=in_review").content.decode()
    assert client.post(f"/templates/{template.pk}/reject/", {"review": ""}).status_code == 422
    client.post(f"/templates/{template.pk}/reject/", {"review": "<b>Shorter</b>, please"})
    read = writer.get(f"/templates/{template.pk}/").content.decode()
    assert "&lt;b&gt;Shorter&lt;/b&gt;, please" in read
    writer.post(f"/templates/{template.pk}/draft/")
    assert "please" in writer.get(f"/templates/{template.pk}/").content.decode()
    writer.post(f"/templates/{template.pk}/submit/")
    client.post(f"/templates/{template.pk}/publish/")
    template.refresh_from_db()
    assert template.published.number == 2


def test_the_preview_is_as_a_chosen_contact_with_one_of_their_events(client: Client) -> None:
    template = created(client)
    bob = make.contact("bob@example.com", first_name="Bob")
    make.contact("eve@example.com", first_name="Eve")
    timeline.record([NewEvent(bob.pk, "order.placed", {"number": "A-7"})], make.NOW)
    event = bob.events.get()
    asked = words(subject="{{ contact.first_name }} {{ event.number }}", contact=str(bob.pk), event=str(event.pk))
    assert "Bob A-7" in client.post(f"/templates/{template.pk}/preview/", asked).content.decode()
    assert "bob@" in client.get("/templates/preview/people/?as=bob").content.decode()
    other = words(subject="{{ contact.first_name }}!", contact="999999999999999999999")
    assert "Eve!" in client.post(f"/templates/{template.pk}/preview/", other).content.decode()


def test_templates_are_found_by_their_words_and_folders(client: Client) -> None:
    template = created(client)
    client.post(f"/templates/{template.pk}/edit/", {"name": "Summer", "folder": "Seasons"})
    client.post(f"/templates/{template.pk}/clone/")
    assert "Summer" in client.get("/templates/?folder=Seasons").content.decode()
    assert "Summer" in client.get("/templates/?q=What+is+new").content.decode()
    assert "Summer" not in client.get("/templates/?q=nowhere").content.decode()


def test_the_thumbnail_is_a_document_that_can_do_nothing(client: Client) -> None:
    template = created(client)
    shown = client.get(f"/templates/{template.pk}/thumbnail/")
    assert "sandbox" in shown["Content-Security-Policy"]


def kept(client: Client, template: Template, **sent: object) -> tuple[int, dict]:
    answer = client.post(f"/templates/{template.pk}/words/save/", sent)
    return answer.status_code, answer.json() if answer["Content-Type"] == "application/json" else {}


def test_code_is_kept_by_itself_finished_or_not(client: Client) -> None:
    template = created(client, starter="html")
    page = client.get(f"/templates/{template.pk}/").content.decode()
    assert 'name="revision" value="0"' in page and f"/templates/{template.pk}/words/save/" in page
    assert kept(client, template, **words(subject=""), revision=0) == (200, {"revision": 1})
    assert kept(client, template, **words(body="{% if"), revision=1) == (200, {"revision": 2})
    draft = template.versions.get()
    assert (draft.body, draft.subject, draft.revision) == ("{% if", "Hi", 2)


def test_an_sms_is_kept_by_itself_and_takes_no_subject(client: Client) -> None:
    template = created(client, "sms", starter="")
    assert kept(client, template, body="Hi", subject="No", markup="html", revision=0) == (200, {"revision": 1})
    draft = template.versions.get()
    assert (draft.body, draft.subject, draft.markup) == ("Hi", "", "text")


def test_two_who_write_at_once_do_not_overwrite_each_other(client: Client) -> None:
    template = created(client, starter="html")
    assert kept(client, template, **words(subject="Hers"), revision=0)[0] == 200
    status, told = kept(client, template, **words(subject="His"), revision=0)
    assert (status, "changed elsewhere" in told["detail"]) == (409, True)
    for do in ("save", "publish"):
        page = client.post(f"/templates/{template.pk}/", {**words(subject="His"), "revision": "0", "do": do})
        assert "copy it first" in page.content.decode() and 'value="His"' in page.content.decode()
    draft = template.versions.get()
    assert (draft.subject, draft.state) == ("Hers", "draft")
    client.post(f"/templates/{template.pk}/", {**words(subject="Ours"), "revision": "1", "do": "save"})
    assert template.versions.get().subject == "Ours"


@pytest.mark.parametrize("revision", ["", "x", "-1", "9" * 30])
def test_what_continues_nothing_is_refused(client: Client, revision: str) -> None:
    template = created(client, starter="html")
    assert kept(client, template, **words(), revision=revision)[0] == 400
    assert template.versions.get().revision == 0


def test_only_a_draft_in_code_is_kept_and_only_by_who_may(client: Client) -> None:
    template = created(client)  # of blocks
    assert kept(client, template, **words(), revision=0)[0] == 404
    template.versions.update(design=None)
    User.objects.filter(username="ann").update(username="ada")
    assert kept(signed_in("view_template"), template, **words(), revision=0)[0] == 403
    template.versions.update(state=TemplateVersion.State.IN_REVIEW)
    assert kept(client, template, **words(), revision=0)[0] == 404
