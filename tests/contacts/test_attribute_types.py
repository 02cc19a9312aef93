"""Each type of attribute: what it lets in, how that is kept, and what it says of the rest."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.attributes.dates import DAY_FIRST, ISO, MONTH_FIRST
from contacts.attributes.types import TYPES
from contacts.segments.operators import OPERATORS

CHOICES = ("Basic", "Pro", "À la carte")
# (type, what is given, what is kept)
GOOD = [
    ("text", "Paris", "Paris"),
    ("text", "", ""),
    ("text", " as it is ", " as it is "),
    ("text", 75001, "75001"),
    ("text", 1.5, "1.5"),
    ("number", 3, 3),
    ("number", 3.0, 3),
    ("number", "42", 42),
    ("number", " 1,5 ", 1.5),
    ("number", "1 234,56", 1234.56),
    ("number", "1,234.56", 1234.56),
    ("number", "1.234.567,8", 1234567.8),
    ("number", "1,234,567", 1234567),
    ("number", "0,125", 0.125),
    ("number", "1’000", 1000),
    ("number", "-0.5", -0.5),
    ("number", "1e3", 1000),
    ("number", "007", 7),
    ("number", "", None),
    ("boolean", True, True),
    ("boolean", 0, False),
    ("boolean", "OUI", True),
    ("boolean", "1", True),
    ("boolean", "no", False),
    ("boolean", " ", None),
    ("date", "2026-03-10", "2026-03-10"),
    ("date", "2026/3/1", "2026-03-01"),
    ("date", "2026-03-10T00:00:00Z", "2026-03-10"),
    ("date", "2024-02-29", "2024-02-29"),
    ("date", "", None),
    ("datetime", "2026-03-10T09:00:00Z", "2026-03-10T09:00:00Z"),
    ("datetime", "2026-03-10T09:00:00+02:00", "2026-03-10T07:00:00Z"),
    ("datetime", "2026-03-10 9:05", "2026-03-10T08:05:00Z"),
    ("datetime", "2026-07-10T09:00", "2026-07-10T07:00:00Z"),
    ("datetime", "2026-03-10", "2026-03-09T23:00:00Z"),
    ("choice", "pro", "Pro"),
    ("choice", "à LA carte", "À la carte"),
    ("choice", "", None),
    ("list", ["pro", "Basic", "PRO"], ["Pro", "Basic"]),
    ("list", "basic; pro", ["Basic", "Pro"]),
    ("list", [], None),
    *((type, None, None) for type in TYPES),
]
BAD = [
    ("text", True, "“true” is not a text."),
    ("text", ["a"], '“["a"]” is not a text.'),
    ("number", "old", "“old” is not a number."),
    ("number", "1,234", "“1,234” could be a thousand or a fraction. Write it without a comma."),
    ("number", True, "“true” is not a number."),
    ("number", "nan", "“nan” is not a number."),
    ("number", "1_000", "“1_000” is not a number."),
    ("number", "٣", "“٣” is not a number."),
    ("number", 10**18, "“1000000000000000000” is too large a number."),
    ("number", "9" * 400, f"“{'9' * 40}…” is too large a number."),
    ("number", {"a": 1}, '“{"a": 1}” is not a number.'),
    ("boolean", "maybe", "“maybe” is neither yes nor no."),
    ("boolean", 2, "“2” is neither yes nor no."),
    ("date", "2026-02-29", "“2026-02-29” is not a date such as 2026-03-10."),
    ("date", "31/12/2026", "“31/12/2026” is not a date such as 2026-03-10."),
    ("date", "2026-W10-1", "“2026-W10-1” is not a date such as 2026-03-10."),
    ("date", "2026-03-10T09:30:00Z", "“2026-03-10T09:30:00Z” is not a date such as 2026-03-10."),
    ("date", 20260310, "“20260310” is not a date such as 2026-03-10."),
    ("datetime", "soon", "“soon” is not a date and time such as 2026-03-10 09:00."),
    ("datetime", "0001-01-01T00:00:00Z", "“0001-01-01T00:00:00Z” is not a date and time such as 2026-03-10 09:00."),
    ("choice", "Gold", "“Gold” is not one of Basic, Pro, À la carte."),
    ("choice", ["Pro"], '“["Pro"]” is not one of the choices.'),
    ("list", ["Gold"], "“Gold” is not one of Basic, Pro, À la carte."),
    ("list", [["Pro"]], '“[["Pro"]]” is not a list of texts.'),
    ("list", 5, "“5” is not a list of texts."),
]


def check(type, value):
    return TYPES[type].check(value, CHOICES, "Europe/Paris")


@pytest.mark.parametrize(("type", "value", "kept"), GOOD)
def test_what_fits_is_kept_in_one_way(type, value, kept):
    found = check(type, value)
    assert (found, found.__class__) == (kept, kept.__class__)
    assert check(type, found) == found, "what is kept is kept again as it is"
    if found is not None:
        assert check(type, TYPES[type].write(found)) == found, "what is written can be read again"


@pytest.mark.parametrize(("type", "value", "sentence"), BAD)
def test_what_does_not_fit_is_said_with_the_value(type, value, sentence):
    with pytest.raises(ValidationError) as refused:
        check(type, value)
    assert refused.value.messages == [sentence]


@pytest.mark.parametrize(
    ("order", "text", "day"),
    [
        (DAY_FIRST, "31/12/2026", "2026-12-31"),
        (DAY_FIRST, "1.2.2026", "2026-02-01"),
        (DAY_FIRST, "2026-12-31", "2026-12-31"),
        (MONTH_FIRST, "12/31/2026", "2026-12-31"),
        (MONTH_FIRST, "2-1-2026", "2026-02-01"),
        (MONTH_FIRST, "31/12/2026", None),
        (DAY_FIRST, "1/2/26", None),
        (ISO, "10/03/2026", None),
    ],
)
def test_dates_are_read_in_the_order_that_was_chosen(order, text, day):
    def read(type, text):
        try:
            return TYPES[type].read(text, (), "UTC", order)
        except ValidationError:
            return None

    assert read("date", text) == day
    assert read("datetime", f"{text} 14:30") == (day and f"{day}T14:30:00Z")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(TYPES)),
    JSON | st.from_regex(r"[0-9]{1,4}[-/. T:][0-9]{1,2}[-/.:][0-9]{1,4}", fullmatch=True),
)
def test_anything_is_kept_or_refused_in_a_sentence(type, value):
    try:
        kept = check(type, value)
    except ValidationError as refused:
        assert len(refused.messages) == 1 and refused.messages[0].endswith(".")
    else:
        assert check(type, kept) == kept


def test_rules_offer_what_makes_sense_of_a_type():
    def offered(type):
        return {key for key, operator in OPERATORS.items() if TYPES[type].suits(operator)}

    assert offered("boolean") == {"equals", "not_equals", "is_set", "not_set"}
    assert {"between", "at_least"} <= offered("number") and "contains" not in offered("number")
    assert {"in_last_days", "before", "between"} <= offered("date") and "contains" not in offered("date")
    assert "in_last_days" not in offered("text") and "greater" not in offered("text")
    assert offered("list") == {"contains", "not_contains", "is_set", "not_set"}
