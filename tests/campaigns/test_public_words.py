"""What contacts read in public is there in each of the languages, and is shown in theirs."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.template import engines
from django.test import Client
from django.utils import timezone, translation
from django.utils.formats import date_format

from campaigns import asking_consent, asking_words, speaking, zone_choices
from campaigns.models import Message
from campaigns.tracking import signatures
from contacts.consent import Proof
from contacts.models import Consent, Installation
from tests import make
from tests.campaigns import catalogs, letters

OTHERS = [code for code, _ in settings.LANGUAGES if code != "en"]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|CITY|\{\{.*?\}\}")
TAG = re.compile(r"{#.*?#}|{%\s*blocktranslate.*?{%\s*endblocktranslate\s*%}|{%.*?%}|{{.*?}}|<[^>]*>", re.DOTALL)
SPOKEN_ATTRIBUTES = re.compile(r"""\b(?:aria-label|placeholder|title|alt)="([^"]*)\"""")


def of(*texts: str) -> set[str]:
    return {found for text in texts for found in PLACEHOLDER.findall(text)}


@pytest.mark.parametrize("language", OTHERS)
def test_each_catalog_has_all_that_contacts_read_and_nothing_else(language: str) -> None:
    catalog = catalogs.catalog(language)
    kept = {message.id: message for message in catalog if message.id}
    assert set(kept) == set(catalogs.messages()), "make messages"
    for message in kept.values():
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.id, str) else list(message.string)
        assert not message.fuzzy, message.id
        assert len(strings) == (catalog.num_plurals if len(ids) > 1 else 1)
        for string in strings:
            assert string.strip(), message.id
            assert of(string) == of(*ids), string
            assert (string[-1] in ".:,") == (ids[0][-1] in ".:,"), string
    folder = catalogs.LOCALE / language / "LC_MESSAGES"
    assert (folder / "django.mo").read_bytes() == catalogs.compiled(catalog), "make messages"


def test_there_is_a_catalog_for_each_language_and_no_other() -> None:
    assert catalogs.languages() == sorted(OTHERS)
    assert {"de", "fr", "es", "it", "pt", "nl", "pl"} <= set(OTHERS)


@pytest.mark.parametrize("path", catalogs.public_templates(), ids=lambda path: path.name)
def test_no_word_of_a_public_page_stands_outside_of_the_translations(path) -> None:
    text = path.read_text()
    assert not re.search(r"\w", TAG.sub("", text).replace("–", ""))
    for spoken in SPOKEN_ATTRIBUTES.findall(TAG.sub(lambda found: found[0] if found[0][0] == "<" else "", text)):
        assert not re.search(r"\w", re.sub(r"{%.*?%}|{{.*?}}", "", spoken)), spoken
    engines["django"].from_string(text)


@pytest.mark.parametrize("language", ["en", *OTHERS])
def test_the_mail_that_asks_is_well_formed_whatever_the_sender_is_called(language: str) -> None:
    with translation.override(language):
        one, many = (asking_words.words("A&B <i>{{ x }} 100%s", days) for days in (1, 7))
    assert "A&B <i> x  100%s" in one["subject"]
    assert "A&amp;B &lt;i&gt; x  100%s" in one["body"]
    assert of(one["body"]) == {"{{ contact.first_name }}", "{{ contact.email }}", "{{ confirm_url }}"}
    assert f'lang="{language}"' in one["body"]
    assert one["body"].count("{{ confirm_url }}") == 1
    assert one["body"] != many["body"].replace("7", "1")


@pytest.fixture
def message(db: None) -> Message:
    Installation.objects.update_or_create(pk=1, defaults={"name": "Tea & Co", "timezone": "Europe/London"})
    make.topic("news", "News")
    ada = make.contact("ada@example.com")
    (sent,) = letters.queue([ada.pk], letters.content(topic="news"), now=timezone.now())
    return sent


def speaks(message: Message, language: str) -> None:
    type(message.contact).objects.update(language=language)


@pytest.mark.parametrize(
    ("own", "accepted", "installations", "spoken"),
    [
        ("de", "fr", "it", "de"),
        ("pt-BR", "fr", "it", "pt"),
        ("DE-at", "", "en", "de"),
        ("ja", "fr-CH,de;q=0.5", "it", "fr"),
        ("", "xx,nl;q=0.8,pl;q=0.9", "it", "pl"),
        ("", "", "it", "it"),
        ("", "*", "en", "en"),
        ("", "\x00;;q=,,,", "ja", "en"),
        ("x" * 16, "de" * 600, "", "en"),
    ],
)
def test_the_contacts_language_comes_first_then_the_browsers_then_the_installations(
    message: Message, client: Client, own: str, accepted: str, installations: str, spoken: str
) -> None:
    speaks(message, own)
    Installation.objects.update(language=installations)
    for place in ("p", "u"):
        token = signatures.token(message.pk)
        answer = client.get(f"/{place}/{token}", headers={"Accept-Language": accepted})
        assert answer["Content-Language"] == spoken
        assert f'<html lang="{spoken}" dir="ltr">' in answer.text
        assert "Accept-Language" in answer["Vary"]
    assert translation.get_language() == "en"


def test_every_public_page_speaks_the_contacts_language(message: Message, client: Client) -> None:
    speaks(message, "de")
    token = signatures.token(message.pk)
    assert "Was möchten Sie bekommen?" in client.get(f"/p/{token}").text
    assert "Von „News“ abmelden?" in client.get(f"/u/{token}").text
    left = client.post(f"/u/{token}", {"answer": "unsubscribe_all"}, follow=True).text
    assert "Tea &amp; Co schickt keine E-Mails mehr an" in left
    with translation.override("de"):
        assert f"Seit {date_format(timezone.localdate())}" in left
    asked = asking_consent.ask(message.contact_id, [], timezone.now(), "asked by email", Proof("mia"))
    path = f"/y/{signatures.confirm_token(asked.pk, 'ada@example.com')}"
    assert "Möchten Sie E-Mails von Tea &amp; Co bekommen?" in client.get(path).text
    assert asked.content.subject == "Bitte bestätigen: E-Mails von Tea & Co"
    long_ago = timezone.now() - timedelta(days=20)
    Message.objects.filter(pk=asked.pk).update(queued_at=long_ago)
    Consent.objects.update(at=long_ago)
    assert "Dieser Link ist zu alt" in client.post(path, {"answer": "yes"}).text
    for path in ("/p/AAAA", f"/p/{token}/and/more", "/u/%20", "/y/x y/"):
        lost = client.get(path, headers={"Accept-Language": "pl"})
        assert (lost.status_code, "Ten link nie działa" in lost.text) == (404, True)


def test_the_pages_of_operators_stay_english(message: Message, marketer: Client) -> None:
    answer = marketer.get("/contacts/", headers={"Accept-Language": "de"})
    assert '<html lang="en"' in answer.text
    assert "Contacts" in answer.text


@pytest.mark.parametrize("language", ["en", *OTHERS])
def test_zones_are_listed_by_region_in_each_language(language: str) -> None:
    with translation.override(language):
        regions = zone_choices.offered(make.NOW)
        labels = {label for region in regions for _, label in region.zones}
        names = [name for region in regions for name, _ in region.zones]
    assert len(names) == len(set(names)) > 400
    assert len(regions) == 10
    assert all(re.search(r" \(UTC[+−]\d{1,2}(:\d\d)?\)$", label) for label in labels)
    warsaw = {"de": "Warschau", "es": "Varsovia", "fr": "Varsovie", "it": "Varsavia", "nl": "Warschau",
              "pl": "Warszawa", "pt": "Varsóvia", "en": "Warsaw"}  # fmt: skip
    assert any(label.startswith(f"{warsaw[language]} (") for label in labels)


def test_a_zone_with_an_older_name_is_still_the_one_that_is_chosen() -> None:
    (first, *_) = zone_choices.offered(make.NOW, "US/Pacific")
    assert [name for name, _ in first.zones] == ["US/Pacific"]
    assert zone_choices.distance("Asia/Kolkata", make.NOW) == "UTC+5:30"


def test_languages_are_called_what_those_call_them_who_speak_them() -> None:
    found = dict(speaking.languages("pt-AO"))
    assert (found["de"], found["fr"], found["pt-br"]) == ("Deutsch", "Français", "Português Brasileiro")
    assert found["pt-AO"].startswith("Português")
    assert dict(speaking.languages("x-klingon"))["x-klingon"] == "x-klingon"
