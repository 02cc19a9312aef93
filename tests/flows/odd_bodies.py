"""What hostile programs send in the place of anything, and that it is refused or taken but breaks nothing."""

import json
from typing import Any

from rest_framework.test import APIClient

DEEP: Any = "x"
for _ in range(200):
    DEEP = [DEEP]
# Each in the place of anything: wrong types, and texts and numbers that JSON can say and PostgreSQL cannot keep.
ODD: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, "", "x", "\x00", "a\x00b", "\ud800", "x" * 100_000, [], ["x"], [[]], [{}], {},
    {"a": 1}, {"": ""}, {"a\x00": "b"}, {"kind": []}, {"kind": "event", "event": "a\x00"}, DEEP,
]  # fmt: skip
RAW = ['{"name": 1e999}', '{"name": NaN}', "{", "", "[]", '"x"', "null", "\xff", "[" * 100_000, '{"name": "\\ud800"}']


def ids(value: Any) -> str:
    return repr(value)[:30].encode("ascii", "backslashreplace").decode()


def send(api: APIClient, method: str, path: str, body: Any) -> Any:
    """In ASCII, which can spell what UTF-8 cannot."""
    return getattr(api, method)(path, json.dumps(body), content_type="application/json")


def refused_or_taken(answer: Any) -> None:
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert isinstance(answer.json(), dict)
        assert answer.json()
