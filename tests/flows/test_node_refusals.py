"""What is wrong with a config is said next to its field, in a sentence."""

import pytest

from flows.nodes import registry

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("key", "config", "sentence"),
    [
        ("wait", {"amount": 0, "unit": "days"}, "Amount: Ensure this value is greater than or equal to 1."),
        ("wait", {"amount": 11, "unit": "years"}, "Amount: Wait at most 10 years, which is about ten years."),
        ("wait", {"amount": 3}, "Unit: This field is required."),
        (
            "wait",
            {"amount": 3, "unit": "days", "time": "09:00"},
            "Choose one: for a while, until a date, or until a time of day or week.",
        ),
        ("wait", {"time": "25:00"}, "Time of day: Give a time between 00:00 and 23:59."),
        ("wait", {"amount": [3], "unit": "days"}, "Amount: Give one plain value."),
        ("email", {"subject": "Hi", "body": ""}, "Body: Choose a template, or write this here."),
        (
            "email",
            {"subject": "Hi {{ contact.nam }}", "body": "x"},
            "Subject: A contact has no field “nam”. An attribute is written contact.attributes.nam.",
        ),
        ("email", {"template": 999}, "Template: This template does not exist or has no published version."),
        ("sms", {"body": "Hi", "provider": 999}, "Provider: This provider does not exist or is switched off."),
        ("now", {"segment": 999}, "Segment: This segment no longer exists."),
        (
            "on_date",
            {"at": "2026-05-01T09:00+02:00"},
            "Date and time: Give a local time without an offset; the time zone has a field of its own.",
        ),
        ("on_date", {"at": "2026-05-01T09:00", "attribute": "x"}, "Choose one: a date for all, or a date attribute."),
        (
            "repeat",
            {"every": 1, "unit": "day", "starts": "2026-05-01", "until": "2026-04-30"},
            "Until: The end lies before the beginning.",
        ),
        ("repeat", {"every": 99999, "unit": "week"}, "Every: Give at most 522, which is about ten years."),
        (
            "repeat",
            {"every": 1, "unit": "month", "month_days": [32]},
            "Days of the month: Days of a month are numbers from 1 to 31, and “last”.",
        ),
        (
            "wait_for",
            {"event": "a", "amount": 11, "unit": "years"},
            "Amount: Wait at most 10 years, which is about ten years.",
        ),
        ("wait_for", {"amount": 1, "unit": "days"}, "Event: This field is required."),
        ("ab_test", {"variants": [{"name": "A", "weight": 1}]}, "Variants: Give 2 to 4 variants."),
        ("ab_test", {"variants": "[1, 2]"}, "Variants: Give a list of variants, each with a name and a weight."),
        ("ab_test", {"variants": [{"weight": 1}, {}]}, "Variants: Give variant B a share, such as 50."),
        (
            "ab_test",
            {"variants": [{"weight": 1}, {"weight": "nan"}]},
            "Variants: The share of variant B is a number from 0 to 1,000,000.",
        ),
        (
            "ab_test",
            {"variants": [{"weight": 0}, {"weight": 0}]},
            "Variants: At least one variant needs a share above zero.",
        ),
        (
            "ab_test",
            {"variants": [{"name": "x", "weight": 1}, {"name": "X", "weight": 1}]},
            "Variants: Two variants have the same name.",
        ),
        (
            "update_contact",
            {"set": {"a": [1]}},
            "Set attributes: “a” takes a text, a number, or true or false. To remove it, name it below.",
        ),
        (
            "update_contact",
            {"set": {"a": "x"}, "remove": ["a"]},
            "Remove attributes: “a” would be set and removed at once.",
        ),
        (
            "update_contact",
            {"set": {"a": "{{ contact.nam }}"}},
            "Set attributes: “a”: A contact has no field “nam”. An attribute is written contact.attributes.nam.",
        ),
        ("tag", {"add": ["VIP"], "remove": ["vip"]}, "Remove tags: “vip” would be added and removed at once."),
        ("tag", {"add": ["a\nb", 3]}, "Add tags: A tag needs a name."),
    ],
)
def test_what_is_wrong_is_said(key, config, sentence):
    assert sentence in registry()[key].problems(config)
