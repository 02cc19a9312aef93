"""Who gets a campaign, who is left out and why, and what a file of recipients names."""

import codecs
import random
from typing import Any

import phonenumbers
import pytest

from campaigns.mailings import audience, audience_files, listing
from campaigns.mailings.audience import Counted
from campaigns.mailings.moves import WrongState
from campaigns.models import AudienceFile, Campaign, Listed
from contacts import consent, reaching, tagging
from contacts.imports.csv_sniffing import Unreadable
from contacts.models import Contact, Installation, Segment
from contacts.places import country_of
from contacts.segments.where import EVERYBODY
from tests import make
from tests.campaigns import mailings
from tests.make import NOW

pytestmark = pytest.mark.django_db


def segment(name: str, city: str) -> int:
    rule = {"rule": "attribute", "field": "city", "op": "equals", "value": city}
    return Segment.objects.create(name=name, rule=rule).pk


@pytest.fixture
def people() -> dict[str, Contact]:
    """Ada and Ben live in Paris, Cleo in Rome; Ben and Dora are VIPs."""
    found = {
        "ada": make.contact("ada@example.com", attributes={"city": "Paris"}),
        "ben": make.contact("ben@example.com", attributes={"city": "Paris"}),
        "cleo": make.contact("cleo@example.com", attributes={"city": "Rome"}),
        "dora": make.contact("dora@example.com", language="fr"),
        "eve": make.contact("eve@example.com"),
    }
    tagging.add([found["ben"].pk, found["dora"].pk], ["VIP"], NOW)
    return found


def who(campaign: Campaign) -> set[str]:
    return {contact.email.split("@")[0] for contact in audience.members(campaign, NOW)}


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, "ada ben cleo dora eve"),
        ({"segments": ["paris"]}, "ada ben"),
        ({"tags": ["vip"]}, "ben dora"),
        ({"segments": ["rome"], "tags": ["vip"]}, "ben cleo dora"),
        ({"segments": ["paris", "rome"]}, "ada ben cleo"),
        ({"exclude": ["paris"]}, "cleo dora eve"),
        ({"segments": ["paris"], "tags": ["vip"], "exclude": ["paris"]}, "dora"),
        ({"rule": {"rule": "tag", "name": "vip"}}, "ben dora"),
        ({"segments": ["paris"], "rule": {"rule": "tag", "name": "vip"}}, "ben"),
        ({"file": True}, "eve"),
        ({"file": True, "tags": ["vip"]}, "ben dora eve"),
        ({"file": True, "segments": ["rome"], "rule": {"not": {"rule": "tag", "name": "vip"}}}, "cleo eve"),
    ],
)
def test_an_audience_is_a_union_less_what_is_excluded(
    people: dict[str, Contact], chosen: dict[str, Any], expected: str
) -> None:
    ids = {"paris": segment("Paris", "Paris"), "rome": segment("Rome", "Rome")}
    given = {
        name: [ids[one] for one in item] if name in ("segments", "exclude") else item for name, item in chosen.items()
    }
    campaign = mailings.campaign(audience=given)
    Listed.objects.create(campaign=campaign, contact=people["eve"])
    assert who(campaign) == set(expected.split())
    assert audience.counted(campaign, NOW).total == len(expected.split())


def test_who_is_left_out_is_counted_once_for_the_first_reason_that_holds() -> None:
    make.contacts(4)
    make.contact(phone="+33612345678")
    make.contact("s@x.com")
    left, both = make.contact("l@x.com"), make.contact("Both@x.com")
    consent.suppress("email", ["S@X.com", "both@x.com"], "spam trap", NOW)
    consent.set_state([left.pk, both.pk], "email", "unsubscribed", "page", NOW)
    counted = audience.counted(mailings.campaign(), NOW)
    assert counted == Counted(total=8, no_address=1, suppressed=2, no_consent=1)
    assert counted.reachable == 4


def test_with_opt_in_only_subscribers_are_reached() -> None:
    ids = make.contacts(5)
    Installation.objects.update_or_create(pk=1, defaults={"consent_policy": "opt_in"})
    consent.set_state(ids[:2], "email", "subscribed", "form", NOW)
    assert audience.counted(mailings.campaign(), NOW) == Counted(total=5, no_consent=3)


def test_what_is_counted_is_what_the_sender_then_does() -> None:
    """A crowd of every sort: the review's numbers and the ledger's reasons are the same."""
    chance = random.Random(7)
    for n in range(60):
        make.contact(f"c{n}@x.com" if chance.random() < 0.8 else None, external_id=str(n))
    ids = list(Contact.objects.values_list("pk", flat=True))
    consent.set_state([pk for pk in ids if chance.random() < 0.3], "email", "unsubscribed", "page", NOW)
    consent.suppress("email", [f"c{n}@x.com" for n in range(60) if chance.random() < 0.2], "list", NOW)
    campaign = mailings.campaign()
    counted = audience.counted(campaign, NOW)
    mailings.commands.send(campaign, NOW)
    mailings.until_still()
    found: dict[str, int] = {}
    for message in mailings.messages(campaign):
        found[message.reason] = found.get(message.reason, 0) + 1
    assert found == {
        "": counted.reachable,
        "no address": counted.no_address,
        "suppressed": counted.suppressed,
        "no consent": counted.no_consent,
    }


def test_counting_takes_two_statements_and_a_third_for_segments(
    django_assert_num_queries: Any,
) -> None:
    make.contacts(50)
    plain, of_segment = mailings.campaign(), mailings.campaign(audience={"segments": [segment("Paris", "Paris")]})
    Installation.current()
    with django_assert_num_queries(2):
        audience.counted(plain, NOW)
    with django_assert_num_queries(3):
        audience.counted(of_segment, NOW)


# Files


def read(campaign: Campaign, text: str, encoding: str = "utf-8") -> AudienceFile:
    return audience_files.upload(campaign, "list.csv", [text.encode(encoding)], NOW)


@pytest.mark.parametrize(
    "text",
    [
        "email\nada@example.com\nBen@Example.com\n",
        "Name;E-Mail\nAda;ada@example.com\nBen;ben@example.com\n",
        "id\tname\n1\tAda\n2\tBen\n",
        "phone\n+33 6 12 34 56 78\n+33612345679\n",
        "ada@example.com\nben@example.com\n",
        "sep=;\nemail;city\nada@example.com;Paris\nben@example.com;Rome\n",
        "external_id,email\n1,\n,ben@example.com\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_names_contacts_by_email_phone_or_external_id(text: str, encoding: str) -> None:
    make.contact("ada@example.com", external_id="1", phone="+33612345678")
    make.contact("ben@example.com", external_id="2", phone="+33612345679")
    make.contact("cleo@example.com")
    campaign = mailings.campaign()
    done = read(campaign, text, encoding)
    assert (done.state, done.listed, done.repeated, done.unknown, done.unknown_rows) == ("done", 2, 0, 0, [])
    assert campaign.audience["file"] is True
    assert who(campaign) == {"ada", "ben"}


def test_rows_that_name_nobody_come_back_with_their_lines_and_reasons(people: dict[str, Contact]) -> None:
    text = "email,name\nada@example.com,Ada\nzoe@example.com,Zoé\nno address,Max\n,Nobody\nADA@example.com,Ada\n"
    campaign = mailings.campaign()
    done = read(campaign, text, "cp1252")
    assert (done.listed, done.repeated, done.unknown) == (1, 1, 3)
    assert [(row["line"], row["text"], row["sentence"]) for row in done.unknown_rows] == [
        (3, "zoe@example.com, Zoé", "No contact has this email."),
        (4, "no address, Max", "“no address” is not an email address."),
        (5, ", Nobody", "It names nobody: its cell is empty."),
    ]


def test_a_second_file_takes_the_place_of_the_first(people: dict[str, Contact]) -> None:
    campaign = mailings.campaign()
    read(campaign, "email\nada@example.com\nben@example.com\n")
    read(campaign, "email\ncleo@example.com\nnobody@example.com\n")
    assert who(campaign) == {"cleo"}
    assert listing.listed(campaign) == 1
    audience_files.remove(campaign)
    assert (campaign.audience["file"], len(who(campaign))) == (False, 5)


def test_what_is_no_list_of_contacts_is_refused_and_changes_nothing(people: dict[str, Contact]) -> None:
    campaign = mailings.campaign()
    read(campaign, "email\nada@example.com\n")
    for content, sentence in [
        (b"PK\x03\x04rest", "Excel"),
        (b"", "empty"),
        (b"city,colour\nParis,red\nRome,blue\n", "No column holds emails"),
        (codecs.BOM_UTF8 + b"email\n", "no rows"),
    ]:
        with pytest.raises(Unreadable, match=sentence):
            audience_files.upload(campaign, "x", [content], NOW)
    assert who(campaign) == {"ada"}


def test_only_a_draft_takes_a_file() -> None:
    make.contacts(1)
    campaign = mailings.campaign()
    mailings.commands.send(campaign, NOW)
    with pytest.raises(WrongState, match="cannot be changed: it is sending"):
        read(campaign, "email\nc0@example.com\n")


# Countries


def numbers_of_all_countries() -> list[str]:
    """An example of every type of number in every country, and neighbours of each."""
    chance, found = random.Random(3), set()
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in range(10):
            example = phonenumbers.example_number_for_type(region, kind)
            if example:
                text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
                found |= {text, *(f"{text[:-3]}{chance.randrange(1000):03}" for _ in range(2))}
    return sorted(number for number in found if len(number) <= 16)


def test_countries_are_counted_as_each_contact_alone_would_be() -> None:
    numbers = numbers_of_all_countries()
    Contact.objects.bulk_create(Contact(phone=number, created_at=NOW, updated_at=NOW) for number in numbers)
    written = [{"country": code} for code in ("FR", "de", "XX", "France", 7, "")]
    for n, attributes in enumerate(written):
        make.contact(phone=f"+4479111234{n:02}", attributes=attributes)
    expected: dict[str, int] = {}
    for contact in Contact.objects.all():
        expected[country_of(contact)] = expected.get(country_of(contact), 0) + 1
    assert reaching.countries("sms", EVERYBODY) == expected
    assert len(expected) > 200


def test_zones_are_counted_with_the_installations_for_the_others() -> None:
    make.contact("a@x.com", timezone="Asia/Tokyo")
    make.contact("b@x.com")
    make.contact(timezone="Asia/Tokyo", external_id="no address")
    assert reaching.zones("email", EVERYBODY) == {"Asia/Tokyo": 1, "UTC": 1}
