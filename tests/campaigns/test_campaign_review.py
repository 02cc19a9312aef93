"""What keeps a campaign from being sent, what would be better, what it costs and how long it takes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from campaigns.mailings import checks, estimating, testing
from campaigns.mailings.moves import NotReady
from campaigns.models import Allowance, Campaign, InboxMessage, Price, Provider
from contacts import timeline
from contacts.models import Contact
from contacts.timeline import NewEvent
from templates_app import publishing
from templates_app.models import Template
from tests import make
from tests.campaigns import mailings
from tests.campaigns.mailings import OTHER, TEST, WORDS
from tests.make import NOW

pytestmark = pytest.mark.django_db
SMS = {"channel": "sms", "variants": [{"body": "Hi {{ contact.first_name }}"}]}


def sentences(campaign: Campaign) -> dict[str, str]:
    return {problem.field: problem.sentence for problem in checks.problems(campaign, NOW)}


def advice(campaign: Campaign, now: datetime = NOW) -> dict[str, str]:
    return {problem.field: problem.sentence for problem in checks.warnings(campaign, now)}


def template(published: bool = True, channel: str = "email") -> Template:
    made = publishing.create("News", channel, {"subject": "News", "body": "<p>{{ unsubscribe_url }}</p>"}, None)
    if published:
        publishing.publish(made.versions.get(), None, NOW)
    return made


def test_one_that_is_ready_has_no_problems() -> None:
    assert sentences(mailings.campaign()) == {}
    assert sentences(mailings.tested(variants=[WORDS, {"template": template().pk}])) == {}


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"channel": ""}, "channel", "Choose email or SMS."),
        ({"variants": []}, "variants", "Write the message, or choose a template."),
        ({"variants": [{**WORDS, "subject": " "}]}, "variants.a.subject", "An email needs a subject."),
        ({"variants": [WORDS, {**OTHER, "body": ""}], "test": TEST}, "variants.b.body", "The message is empty."),
        ({"variants": [{**WORDS, "body": "<p>\n{{ contact.frist }}</p>"}]}, "variants.a.body", "Line 2: "),
        ({"variants": [{**WORDS, "markup": "mjml"}]}, "variants.a.body", ""),
        ({"variants": [WORDS, OTHER]}, "test", "Say how many take part"),
        ({"variants": [WORDS, OTHER], "test": {"share_percent": 5, "measure": "opened"}}, "test", "Say how many"),
        ({"schedule": {"when": "at"}}, "schedule", "Name the date and time"),
        ({"schedule": {"when": "at", "at": "2026-03-11T09:00"}}, "schedule", "Choose the time zone"),
        ({"schedule": {"when": "at", "at": "2026-03-10T09:00", "timezone": "UTC"}}, "schedule", "over"),
        ({"schedule": {"when": "at", "at": "2026-03-09T20:00", "timezone": "contact"}}, "schedule", "over"),
        (
            {**SMS, "variants": [*SMS["variants"], {"body": "Ho"}], "test": TEST},
            "test",
            "Nobody can tell who has opened",
        ),
        ({"audience": {"file": True}}, "audience", "Nobody in the uploaded file"),
    ],
)
def test_what_is_missing_or_wrong_is_said_next_to_its_field(fields: dict[str, Any], field: str, sentence: str) -> None:
    found = sentences(mailings.campaign(**fields))
    assert sentence in found[field]


def test_a_time_that_is_not_over_in_the_last_zone_on_earth_may_still_be_chosen() -> None:
    schedule = {"when": "at", "at": "2026-03-09T22:00", "timezone": "contact"}
    assert sentences(mailings.campaign(schedule=schedule)) == {}


def test_templates_must_be_there_and_published() -> None:
    draft = template(published=False)
    of_sms = Template.objects.create(name="Short", channel="sms")
    for pk, sentence in [
        (draft.pk, "The template “News” has no published version."),
        (of_sms.pk, "This template no longer exists."),
        (2**40, "This template no longer exists."),
    ]:
        campaign = mailings.campaign(variants=[{"template": pk}])
        assert sentences(campaign) == {"variants.a.template": sentence}


def test_there_must_be_a_provider_that_is_switched_on() -> None:
    provider = Provider.objects.create(channel="email", kind="local", name="Second")
    named = mailings.campaign(provider=provider.pk)
    Provider.objects.filter(pk=provider.pk).update(enabled=False)
    assert "“Second” is switched off" in sentences(Campaign.objects.get(pk=named.pk))["provider"]
    Provider.objects.update(enabled=False)
    assert sentences(mailings.campaign())["provider"] == "There is no provider for Email. Add one, or switch one on."


def test_a_segment_that_is_gone_is_a_problem() -> None:
    campaign = mailings.campaign()
    campaign.audience["segments"] = [999]
    assert sentences(campaign) == {"audience": "A segment that the rule refers to no longer exists."}


def test_advice_is_about_words_reach_tests_zones_and_providers() -> None:
    assert advice(mailings.campaign()) == {
        "audience": "Nobody in this audience can be written to.",
        "provider": "It goes to the inbox of this installation, and to nobody’s real one.",
    }
    make.contacts(50)
    make.contact("t@x.com", timezone="Asia/Tokyo")
    bare = mailings.campaign(variants=[{"subject": "Hi", "body": "<p>Hi</p>"}])
    assert advice(bare)["variants.a.body"] == "There is no unsubscribe link: add {{ unsubscribe_url }}."
    small = mailings.tested(variants=[WORDS, WORDS])
    assert advice(small)["variants"] == "Two variants say the same."
    assert advice(small)["test"].startswith("About 5 contacts get each variant in the test")
    zoned = mailings.campaign(schedule={"when": "at", "at": "2026-03-10T12:00", "timezone": "contact"})
    assert advice(zoned)["schedule"] == "That time is over already where they live for 1 contact, who gets it at once."
    assert "schedule" not in advice(zoned, NOW - timedelta(days=1))


# Estimates


def test_an_email_costs_what_its_channel_costs() -> None:
    make.contacts(1000)
    campaign = mailings.campaign()
    assert estimating.estimate(campaign, NOW).cost is None
    assert estimating.estimate(campaign, NOW).unpriced == 1000
    Price.objects.create(channel="email", amount="0.0004")
    Price.objects.create(channel="sms", amount="9")
    found = estimating.estimate(campaign, NOW)
    assert (found.cost, found.currency, found.unpriced) == (Decimal("0.4"), "EUR", 0)


def test_an_sms_costs_by_the_country_of_each_contact_and_its_parts() -> None:
    for n in range(3):
        make.contact(phone=f"+3361234567{n}")
    make.contact(phone="+4915112345678")
    make.contact(phone="+4915112345679", attributes={"country": "FR"})
    make.contact(phone="+819012345678")
    make.contact("no@phone.com")
    Price.objects.create(channel="sms", country="FR", amount="0.05")
    Price.objects.create(channel="sms", country="DE", amount="0.07")
    campaign = mailings.campaign(**SMS)
    found = estimating.estimate(campaign, NOW)
    assert (found.cost, found.unpriced, found.audience.no_address) == (Decimal("0.27"), 1, 1)
    Price.objects.create(channel="sms", amount="0.5")
    assert estimating.estimate(campaign, NOW).cost == Decimal("0.77")
    long = mailings.campaign(**{**SMS, "variants": [{"body": "x" * 200}]})
    found = estimating.estimate(long, NOW)
    assert (found.parts, found.cost) == (2, Decimal("1.54"))


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        ({}, None),
        ({"per_second": 10}, 12),
        ({"per_second": 10, "per_day": 120}, 12),
        ({"per_day": 50, "per_second": 10}, 15 * 3600 + 86400 + 2),
        ({"per_day": 60}, 15 * 3600),
        ({"per_day": 120}, None),
    ],
)
def test_the_time_is_that_of_the_providers_limits(limits: dict[str, int], seconds: float | None) -> None:
    """It is 09:00: the next day begins in 15 hours."""
    make.contacts(120)
    Provider.objects.filter(channel="email").update(**limits)
    found = estimating.estimate(mailings.campaign(), NOW)
    assert found.seconds == seconds
    assert found.finishes_at == (None if seconds is None else NOW + timedelta(seconds=seconds))


def test_what_went_today_counts_towards_the_days_limit() -> None:
    make.contacts(60)
    Provider.objects.filter(channel="email").update(per_day=60, per_second=60)
    provider = Provider.objects.get(channel="email")
    Allowance.objects.create(provider=provider, tokens=0, at=NOW, day=NOW.date(), today=30)
    assert estimating.estimate(mailings.campaign(), NOW).seconds == 15 * 3600 + 0.5


def test_without_limits_it_is_the_pace_of_the_busiest_minute_of_the_last_hour() -> None:
    ids = make.contacts(300)
    for minutes, count in ((200, 300), (30, 120), (20, 60)):
        moment = NOW - timedelta(minutes=minutes)
        timeline.record([NewEvent(pk, "email.sent", {}) for pk in ids[:count]], moment)
    assert estimating.estimate(mailings.campaign(), NOW).seconds == 150
    assert estimating.estimate(mailings.campaign(), NOW + timedelta(minutes=31)).seconds is None


def test_it_ends_after_its_moment_its_spread_and_its_test() -> None:
    make.contacts(10)
    Provider.objects.filter(channel="email").update(per_second=10)

    def ends(**fields: Any) -> datetime | None:
        return estimating.estimate(mailings.campaign(**fields), NOW).finishes_at

    at = {"when": "at", "at": "2026-03-11T09:00", "timezone": "UTC"}
    assert ends() == NOW + timedelta(seconds=1)
    assert ends(schedule=at) == datetime(2026, 3, 11, 9, 0, 1, tzinfo=UTC)
    assert ends(schedule={**at, "spread_hours": 3}) == datetime(2026, 3, 11, 12, tzinfo=UTC)
    assert ends(variants=[WORDS, OTHER], test=TEST) == NOW + timedelta(hours=4, seconds=1)
    own = {**at, "timezone": "contact"}
    assert ends(schedule=own) == datetime(2026, 3, 11, 21, tzinfo=UTC)  # 09:00 at the last place on Earth


def test_an_estimate_takes_a_handful_of_statements_whatever_the_audience(django_assert_max_num_queries: Any) -> None:
    Price.objects.create(channel="sms", country="FR", amount="0.05")
    campaign = mailings.campaign(**SMS)
    for start in (0, 500):
        rows = [Contact(phone=f"+336{start + n:08}", created_at=NOW, updated_at=NOW) for n in range(start + 5)]
        Contact.objects.bulk_create(rows)
        with django_assert_max_num_queries(9):
            estimating.estimate(campaign, NOW)


# Trying it out


def test_a_try_has_the_data_of_who_has_the_address_or_else_of_somebody() -> None:
    make.contact("ada@example.com", first_name="Ada")
    make.contact("ben@example.com", first_name="Ben")
    campaign = mailings.campaign()
    tried = testing.send_test(campaign, ["ada@example.com", "me@example.com"], 1, NOW)
    assert [each.state for each in tried] == ["sent", "sent"]
    subjects = dict(InboxMessage.objects.values_list("recipient", "subject"))
    assert subjects == {"ada@example.com": "Sale, Ada", "me@example.com": "Sale, Ben"}
    assert not Contact.objects.filter(email="me@example.com").exists()


def test_a_try_of_an_sms_goes_to_a_phone() -> None:
    make.contact(phone="+33612345678", first_name="Ada")
    testing.send_test(mailings.campaign(**SMS), ["+33 6 12 34 56 78"], 1, NOW)
    assert InboxMessage.objects.get().text == "Hi Ada"


def test_only_what_the_message_needs_must_be_ready_for_a_try() -> None:
    Contact.objects.all().delete()
    unfinished = mailings.campaign(audience={"file": True}, schedule={"when": "at"})
    assert testing.send_test(unfinished, ["me@example.com"], 1, NOW)[0].state == "sent"
    with pytest.raises(NotReady, match="An email needs a subject"):
        testing.send_test(mailings.campaign(variants=[{"body": "x"}]), ["me@example.com"], 1, NOW)


def test_what_cannot_be_rendered_says_why() -> None:
    loop = {"subject": "Hi", "body": "{% for a in (1..100000) %}{% for b in (1..100000) %}x{% endfor %}{% endfor %}"}
    (tried,) = testing.send_test(mailings.campaign(variants=[loop]), ["me@example.com"], 1, NOW)
    assert tried.state == "failed"
    assert "cannot be rendered" in tried.reason
