"""The page of the courtesy settings and its API: what is said, what is refused, and who may change it."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

from campaigns.courtesy.wording import sentences
from campaigns.models import Courtesy
from config.models import ApiKey, User
from tests import make

pytestmark = pytest.mark.django_db

URL = "/settings/courtesy/"
FORM = {
    "caps_email_day": "2", "caps_email_week": "5", "when_capped": "skip", "when_quiet": "later",
    "quiet_email_begins": "21:00", "quiet_email_ends": "08:00", "quiet_email_days": ["1", "2", "3", "4", "5", "6", "7"],
    "quiet_sms_begins": "21:00", "quiet_sms_ends": "08:00", "quiet_sms_days": ["1", "2", "3", "4", "5", "6", "7"],
    "exempt": ["receipts"], "late_hours": "48",
}  # fmt: skip


@pytest.fixture
def boss() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ada", "ada@example.com"))
    return client


@pytest.fixture(autouse=True)
def receipts(db: None) -> None:
    make.topic("receipts")


def test_what_is_saved_is_said_in_words(boss):
    assert boss.post(URL, FORM).status_code == 302
    kept = Courtesy.current().rules
    assert kept["caps"] == {"email": {"day": 2, "week": 5}}
    assert kept["exempt"] == ["receipts"]
    page = boss.get(URL).content.decode()
    assert "At most 2 emails a day and 5 a week, in any 24 hours and 7 days." in page
    assert "Nobody is written to between 21:00 and 08:00, in their own time." in page
    assert "Nothing is sent more than 2 days later than planned." in page
    assert 'value="48"' in page


def test_the_words_follow_what_is_typed_and_keep_nothing(boss):
    words = boss.post(f"{URL}preview/", {**FORM, "caps_email_day": "1"}).content.decode()
    assert "At most 1 email a day and 5 a week" in words
    assert not Courtesy.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"caps_email_day": "9"}, "This is less than the number a day."),
        ({"caps_email_day": "0"}, "greater than or equal to 1"),
        ({"quiet_email_ends": ""}, "Give both ends of the hours."),
        ({"quiet_email_ends": "21:00"}, "Begin and end are the same."),
        ({"quiet_email_begins": "25:00"}, "Give a time such as 21:00."),
        ({"quiet_email_days": []}, "Choose the days on which these hours begin."),
        ({"quiet_email_whole_days": list("1234567")}, "Then nobody could ever be written to."),
        ({"exempt": ["offers"]}, "offers"),
        ({"late_hours": "99999"}, "less than or equal to"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(boss, change, sentence):
    answer = boss.post(URL, {**FORM, **change})
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Courtesy.objects.exists()


def test_marketers_look_and_change_nothing(marketer):
    assert "Only administrators change them" in marketer.get(URL).content.decode()
    assert marketer.post(URL, FORM).status_code == 403
    assert not Courtesy.objects.exists()


def test_nobody_else_sees_them(keeper):
    assert keeper.get(URL).status_code == 403
    assert Client().get(URL).status_code == 302


def api(*scopes: str) -> APIClient:
    _row, key = ApiKey.objects.issue("Shop", list(scopes))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


RULES = {
    "caps": {"all": {"week": 3}, "sms": {"day": 1}},
    "when_capped": "later",
    "quiet": {"sms": {"begins": "20:00", "ends": "09:00", "whole_days": [7]}},
    "exempt": ["receipts"],
}


def test_the_api_replaces_and_shows_them():
    answer = api("courtesy:read", "courtesy:write").put("/api/v1/courtesy/", RULES, format="json")
    assert answer.status_code == 200
    shown = api("courtesy:read").get("/api/v1/courtesy/").json()
    assert shown["caps"] == RULES["caps"]
    assert shown["quiet"]["sms"] == {**RULES["quiet"]["sms"], "days": [1, 2, 3, 4, 5, 6, 7]}
    assert shown["sentences"] == [
        "At most 1 SMS a day and 3 messages a week over all channels, in any 24 hours and 7 days.",
        "What is more than that waits until there is room again.",
        "Nobody is sent an SMS between 20:00 and 09:00 and all day on Sundays, in their own time.",
        "What is due then goes when they end.",
        "Messages about “Receipts” always go, and do not count.",
    ]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([], "rules"),
        ({"capss": {}}, "capss"),
        ({"caps": []}, "caps"),
        ({"caps": {"fax": {"day": 1}}}, "caps.fax"),
        ({"caps": {"email": {"day": True}}}, "caps.email.day"),
        ({"caps": {"email": {"day": "2"}}}, "caps.email.day"),
        ({"caps": {"email": {"month": 2}}}, "caps.email.month"),
        ({"quiet": {"email": {"begins": 21, "ends": "08:00"}}}, "quiet.email.begins"),
        ({"quiet": {"email": {"begins": "21:00+01:00", "ends": "08:00"}}}, "quiet.email.begins"),
        ({"quiet": {"email": {"begins": "21:00", "ends": "08:00", "days": [0]}}}, "quiet.email.days"),
        ({"quiet": {"email": {"begins": "21:00", "ends": "08:00", "days": [1.0]}}}, "quiet.email.days"),
        ({"quiet": {"email": {"whole_days": [2.0, 7]}}}, "quiet.email.whole_days"),
        ({"exempt": ["half \ud800"]}, "exempt"),
        ({"quiet": {"email": {"whole_days": [[]]}}}, "quiet.email.whole_days"),
        ({"when_capped": "never"}, "when_capped"),
        ({"exempt": ["a\0"]}, "exempt"),
        ({"exempt": "receipts"}, "exempt"),
        ({"exempt": ["x" * 101]}, "exempt"),
        ({"exempt": ["offers"]}, "exempt"),
        ({"late_hours": 1.5}, "late_hours"),
    ],
)
def test_the_api_says_what_is_wrong_by_field(given, field):
    answer = api("courtesy:write").put("/api/v1/courtesy/", given, format="json")
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert not Courtesy.objects.exists()


def test_a_key_needs_the_scope():
    assert api("courtesy:read").put("/api/v1/courtesy/", RULES, format="json").status_code == 403
    assert api("campaigns:read").get("/api/v1/courtesy/").status_code == 403


def test_no_rules_hold_nothing_back():
    assert sentences({}) == ["Nothing is held back: everybody gets every message when it is due."]
