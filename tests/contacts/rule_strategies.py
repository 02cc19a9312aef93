"""Random contacts with everything that happened to them, and random rule trees about them."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from contacts.segments import operators
from tests.contacts.reference_world import Person

# The night on which Paris loses an hour, and the one on which it gains one, are among the moments.
NOW = datetime(2026, 3, 29, 10, 30, tzinfo=UTC)
MOMENTS = [NOW, NOW - timedelta(days=1), NOW - timedelta(days=30), NOW + timedelta(days=2), NOW - timedelta(hours=9)]
DAYS = ["2026-03-29", "2026-03-28", "2026-03-01", "2025-10-26", "2024-02-29", "2026-12-31", "1990-03-29"]
LOCAL = [
    "2026-03-29T02:30",
    "2025-10-26 02:30:00",
    "2025-10-26T02:30:00.5+01:00",
    "2026-03-29T00:30:00Z",
    "2026-03-28T23:15",
]
WRONG = [
    "2026-02-30",
    "2023-02-29",
    "0000-01-01",
    "2026-13-01",
    "24:00",
    "1e5",
    "-",
    "5 apples",
    "00",
    "٣",
    "2026-03-01T25:00",
]
WORDS = [
    "Paris",
    "paris",
    "pa",
    "Łódź",
    "łódź",
    "100%",
    "a_b",
    "a\\b",
    "%s",
    "'; DROP TABLE contacts_contact; --",
    "日本",
    "🎉",
    "true",
]
NUMBERS = [0, 1, 5, -3, 42, 3.5, 0.1, 10**18]
TEXT_NUMBERS = ["5", "42", "007", "3.50", "-3"]
PHONES = [None, "+33612345678", "+12125551234", "+14165551234", "+447911123456", "+441534123456", "+79161234567",
          "+77012345678", "+491711234567"]  # fmt: skip
FIELDS = ["city", "age", "when", 'it\'s "quoted"', "100%s", "é"]
NEAR = ["in_last_days", "in_next_days", "days_ago", "days_ahead", "anniversary_in_days"]

scalars = st.sampled_from([*DAYS, *LOCAL, *WRONG, *WORDS, *NUMBERS, *TEXT_NUMBERS, True, False])
held = st.one_of(
    scalars, st.none(), st.just(""), st.lists(scalars, max_size=3), st.just({"a": 1}), st.floats(-1e6, 1e6, width=32)
)
objects = st.dictionaries(st.sampled_from(FIELDS), held, max_size=4)
orderable = st.sampled_from([*DAYS, *LOCAL]) | st.sampled_from([*NUMBERS, *TEXT_NUMBERS])
pairs = st.lists(st.sampled_from([*DAYS, *LOCAL]), min_size=2, max_size=2) | st.lists(
    st.sampled_from(NUMBERS), min_size=2, max_size=2
)
pairs = pairs.filter(lambda pair: not operators.problems("between", pair))


def comparisons(fields: st.SearchStrategy[str]) -> st.SearchStrategy[dict]:
    def one(ops: list[str], value: st.SearchStrategy | None) -> st.SearchStrategy[dict]:
        optional = {"value": value} if value is not None else {}
        return st.fixed_dictionaries({"field": fields, "op": st.sampled_from(ops), **optional})

    return st.one_of(
        one(["equals", "not_equals", "contains", "not_contains", "starts_with", "ends_with"], scalars),
        one(["in", "not_in"], st.lists(scalars, min_size=1, max_size=3)),
        one(["greater", "at_least", "less", "at_most"], orderable),
        one(["before", "after"], st.sampled_from([*DAYS, *LOCAL])),
        one(["between"], pairs),
        one(NEAR, st.sampled_from([0, 1, 30, "2", 400])),
        one(["is_set", "not_set", "anniversary_today"], None),
    )


def some(codes: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(codes), min_size=1, max_size=3)


def times() -> st.SearchStrategy[dict]:
    """Comparisons of a moment."""
    ops = st.sampled_from(["equals", "not_equals", "greater", "at_least", "less", "at_most", "before", "after"])
    return st.one_of(
        st.fixed_dictionaries({"op": ops, "value": st.sampled_from([*DAYS, *LOCAL])}),
        st.fixed_dictionaries({"op": st.sampled_from(NEAR), "value": st.sampled_from([0, 1, 30, 400])}),
        st.fixed_dictionaries({"op": st.just("between"), "value": pairs.filter(lambda pair: isinstance(pair[0], str))}),
        st.just({"op": "anniversary_today"}),
    )


texts = st.sampled_from(["email", "phone", "first_name", "timezone", "language", "external_id"])
STATES = ["subscribed", "unsubscribed", "pending", "unknown"]
said = st.dictionaries(st.sampled_from(["email", "sms"]), st.sampled_from(STATES))
DID = ["sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "failed"]
count = st.fixed_dictionaries({"op": st.sampled_from([">=", "<=", "=", ">", "<"]), "n": st.integers(0, 3)})
within = st.fixed_dictionaries(
    {"amount": st.sampled_from([1, 30]), "unit": st.sampled_from(["minutes", "hours", "days", "weeks", "months"])}
)
rules = st.one_of(
    comparisons(st.sampled_from(FIELDS)).map(lambda asked: {"rule": "attribute", **asked}),
    comparisons(texts).map(lambda asked: {"rule": "attribute", **asked}),
    times().map(lambda asked: {"rule": "attribute", "field": "created_at", **asked}),
    times().map(lambda asked: {"rule": "created", **asked}),
    st.fixed_dictionaries(
        {"rule": st.just("location"), "of": st.just("country"), "in": some(["FR", "de", "US", "CA", "GB", "JE", "KZ"])},
        optional={"is": st.booleans()},
    ),
    st.fixed_dictionaries(
        {"rule": st.just("location"), "of": st.just("language"), "in": some(["pt", "PT-br", "en", "fr", "zh_Hant"])},
        optional={"is": st.booleans()},
    ),
    st.builds(
        lambda where, more: {"rule": "message", **where, **more},
        st.sampled_from(
            [
                {},
                {"campaign": 1},
                {"campaign": 1, "node": "a"},
                {"scenario": 1},
                {"scenario": 2},
                {"scenario": 1, "node": "n1"},
            ]
        ),
        st.one_of(
            *(
                st.fixed_dictionaries(
                    {key: st.sampled_from(DID)},
                    optional={"within": within, "count": count, "channel": st.sampled_from(["email", "sms"])},
                )
                for key in ("did", "did_not")
            )
        ),
    ),
    st.fixed_dictionaries(
        {"rule": st.just("scenario"), "id": st.sampled_from([1, 2])},
        optional={"is": st.sampled_from(["inside", "never_entered"])},
    ),
    st.fixed_dictionaries(
        {
            "rule": st.just("scenario"),
            "id": st.sampled_from([1, 2]),
            "is": st.sampled_from(["entered", "completed", "exited", "failed"]),
        },
        optional={"within": within},
    ),
    st.fixed_dictionaries(
        {"rule": st.just("tag"), "name": st.sampled_from(["vip", "VIP", "new", "100%"])},
        optional={"has": st.booleans()},
    ),
    st.fixed_dictionaries(
        {
            "rule": st.just("consent"),
            "channel": st.sampled_from(["email", "sms"]),
            "is": st.sampled_from(STATES),
        },
        optional={"topic": st.sampled_from(["news", "offers"])},
    ),
    st.fixed_dictionaries(
        {"rule": st.just("event"), "name": st.sampled_from(["order", "visit"])},
        optional={
            "did": st.booleans(),
            "count": count,
            "within": within,
            "when": times().map(lambda asked: {"of": "each", **asked}),
            "where": st.lists(comparisons(st.sampled_from(FIELDS)), max_size=2),
        },
    ),
    st.fixed_dictionaries(
        {
            "rule": st.just("event"),
            "name": st.sampled_from(["order", "visit"]),
            "when": st.tuples(st.sampled_from(["first", "last"]), times()).map(lambda it: {"of": it[0], **it[1]}),
        },
        optional={"did": st.booleans(), "where": st.lists(comparisons(st.sampled_from(FIELDS)), max_size=1)},
    ),
    st.fixed_dictionaries({"rule": st.just("segment"), "id": st.sampled_from([1, 2])}, optional={"in": st.booleans()}),
)
trees = st.recursive(
    rules | st.sampled_from([{}, {"all": []}]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=5,
)
people = st.builds(
    Person,
    fields=st.fixed_dictionaries(
        {
            "email": st.sampled_from([None, "Ann@Example.com", "zoé@example.com", "100%@x.org"]),
            "phone": st.sampled_from(PHONES),
            "external_id": st.sampled_from([None, "42", "x"]),
            "first_name": st.sampled_from(["", *WORDS, "5", "2026-03-01"]),
            "timezone": st.sampled_from(["", "Europe/Paris", "UTC"]),
            "language": st.sampled_from(["", "en", "fr", "pt", "pt-BR", "PT_pt", "zh-Hant-TW"]),
            "created_at": st.sampled_from(MOMENTS),
        }
    ),
    attributes=st.builds(
        lambda held, country: {**held, **country},
        objects,
        st.just({})
        | st.sampled_from(["FR", "fr", "De", "XX", "F", "", 5, ["FR"], None, "ﬁ"]).map(lambda it: {"country": it}),
    ),
    tags=st.sets(st.sampled_from(["vip", "New", "100%"])),
    consent=said,
    topics=st.dictionaries(st.sampled_from(["news", "offers"]), said, max_size=2),
    events=st.lists(st.tuples(st.sampled_from(["order", "visit"]), objects, st.sampled_from(MOMENTS)), max_size=4),
    messages=st.lists(
        st.tuples(
            st.sampled_from(["campaign:1:a", "campaign:1:b", "campaign:10:a", "scenario:1:n1", "scenario:2:n1"]),
            st.sampled_from(["email", "sms"]),
            st.sampled_from(["sent", "failed"]),
            st.dictionaries(st.sampled_from(DID), st.sampled_from(MOMENTS), max_size=4),
        ),
        max_size=3,
    ),
    passes=st.lists(
        st.tuples(
            st.sampled_from([1, 2]),
            st.sampled_from(["pending", "waiting", "completed", "exited", "failed", "skipped"]),
            st.sampled_from(MOMENTS),
            st.none() | st.sampled_from(MOMENTS),
        ),
        max_size=3,
    ),
)
zones = st.sampled_from(["UTC", "Europe/Paris", "America/Havana", "Asia/Kathmandu"])
