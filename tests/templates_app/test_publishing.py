"""From draft to published, and what keeps a version from being sent."""

from datetime import timedelta

import pytest

from templates_app import checks, publishing
from templates_app.models import Template, TemplateVersion
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db
WORDS = {
    "markup": "html",
    "subject": "Hi",
    "body": '<p>Hi {{ contact.first_name }} <a href="{{ unsubscribe_url }}">x</a></p>',
}


def email(**words: str) -> TemplateVersion:
    return publishing.create("Welcome", "email", WORDS | words, None).versions.get()


def sentences(version: TemplateVersion, fatal: bool) -> list[str]:
    return [finding.sentence for finding in checks.findings(version) if finding.fatal is fatal]


def test_a_draft_is_published_and_then_never_changes() -> None:
    draft = email()
    publishing.publish(draft, None, NOW)
    template = Template.objects.get()
    assert template.published == draft
    assert (template.published.state, template.published.published_at) == ("published", NOW)
    with pytest.raises(publishing.NotADraft):
        publishing.save_draft(draft, {"subject": "Changed"})
    assert TemplateVersion.objects.get().subject == "Hi"


def test_the_next_draft_starts_from_what_is_published_and_replaces_it_only_when_published() -> None:
    first = email()
    publishing.publish(first, None, NOW)
    second = publishing.draft_of(first.template, None)
    assert (second.number, second.subject, second.state) == (2, "Hi", "draft")
    assert publishing.draft_of(first.template, None) == second
    publishing.save_draft(second, {"subject": "Hello"})
    assert Template.objects.get().published == first
    publishing.publish(second, None, NOW + timedelta(days=1))
    assert Template.objects.get().published.subject == "Hello"


def test_two_who_publish_the_same_draft_do_it_once() -> None:
    draft = email()
    other = TemplateVersion.objects.select_related("template").get(pk=draft.pk)
    publishing.publish(draft, None, NOW)
    with pytest.raises(publishing.NotADraft):
        publishing.publish(other, None, NOW + timedelta(days=1))
    assert TemplateVersion.objects.get().published_at == NOW


def test_a_rejected_draft_stays_to_be_read_and_makes_room_for_another() -> None:
    draft = email()
    publishing.reject(draft, None, "Say less.", NOW)
    with pytest.raises(publishing.NotADraft):
        publishing.publish(draft, None, NOW)
    assert publishing.draft_of(draft.template, None).number == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"subject": " "}, "An email needs a subject."),
        ({"body": ""}, "The message is empty."),
        ({"subject": "{{ contact.frist }}"}, "A contact has no field “frist”."),
        ({"preheader": "{% if %}"}, "Missing expression."),
        ({"body": "{{ x }}"}, "There is no “x”."),
        ({"markup": "mjml", "body": "<mjml><mj-body><mj-tex/></mj-body></mjml>"}, "MJML has no tag “mj-tex”."),
    ],
)
def test_what_cannot_be_sent_is_not_published(words: dict[str, str], sentence: str) -> None:
    draft = email(**words)
    with pytest.raises(publishing.Unpublishable) as refusal:
        publishing.publish(draft, None, NOW)
    assert sentence in str(refusal.value)
    assert Template.objects.get().published is None


def test_advice_does_not_keep_a_version_from_being_published() -> None:
    draft = email(body=f'<p>{"Words beside it. " * 5}</p><img src="a.png">')
    assert sentences(draft, fatal=False) == [
        "There is no unsubscribe link: add {{ unsubscribe_url }}.",
        "A picture has no alt text for those who cannot see it.",
    ]
    publishing.publish(draft, None, NOW)
    assert Template.objects.get().published == draft


def test_a_text_message_is_nothing_but_its_text() -> None:
    draft = publishing.create(
        "Texts", "sms", {"subject": "No", "markup": "html", "body": "Hi " * 200}, None
    ).versions.get()
    assert (draft.subject, draft.markup) == ("", "text")
    assert sentences(draft, fatal=True) == []
    assert sentences(draft, fatal=False) == ["This is sent and charged as 4 parts."]


def test_a_template_that_a_scenario_sends_is_not_deleted() -> None:
    draft = email()
    publishing.publish(draft, None, NOW)
    graph = make.graph(
        ("n1", "on_event", {"event": "contact.created"}),
        ("n2", "email", {"template": draft.template_id}),
        edges="n1>n2",
    )
    scenario = make.scenario(graph, name="Welcome series")
    with pytest.raises(publishing.InUse, match="Welcome series"):
        publishing.delete(draft.template)
    make.saving.save(scenario, make.graph(("n1", "on_event", {"event": "contact.created"}), edges=""), {}, None, 1, NOW)
    publishing.delete(draft.template)
    assert not Template.objects.exists()


def test_a_draft_in_review_waits_for_an_answer_and_does_not_change() -> None:
    draft = email()
    publishing.submit(draft, None, NOW)
    with pytest.raises(publishing.NotADraft, match="in review"):
        publishing.save_draft(draft, {"subject": "Changed"})
    assert publishing.draft_of(draft.template, None) == draft
    publishing.withdraw(draft)
    publishing.save_draft(draft, {"subject": "Changed"})
    publishing.submit(draft, None, NOW)
    publishing.publish(draft, None, NOW)
    assert Template.objects.get().published.subject == "Changed"
    with pytest.raises(publishing.NotADraft):
        publishing.withdraw(draft)


def test_what_cannot_be_sent_is_not_put_before_a_reviewer() -> None:
    draft = email(subject="")
    with pytest.raises(publishing.Unpublishable):
        publishing.submit(draft, None, NOW)
    assert TemplateVersion.objects.get().state == "draft"


def test_the_next_draft_starts_from_what_a_reviewer_sent_back() -> None:
    first = email()
    publishing.publish(first, None, NOW)
    second = publishing.draft_of(first.template, None)
    publishing.save_draft(second, {"subject": "Hello"})
    publishing.submit(second, None, NOW)
    publishing.reject(second, None, "Name the season.", NOW)
    assert Template.objects.get().published == first
    third = publishing.draft_of(first.template, None)
    assert (third.number, third.subject) == (3, "Hello")
    assert TemplateVersion.objects.get(number=2).review == "Name the season."


def test_a_clone_has_the_newest_words_a_name_of_its_own_and_is_a_draft() -> None:
    draft = email()
    Template.objects.update(folder="Spring")
    publishing.publish(draft, None, NOW)
    draft.template.refresh_from_db()
    names = [publishing.clone(draft.template, None).name for _ in range(2)]
    assert names == ["Welcome (copy)", "Welcome (copy 2)"]
    copy = Template.objects.get(name="Welcome (copy)")
    assert (copy.published, copy.folder, copy.versions.get().subject) == (None, "Spring", "Hi")
