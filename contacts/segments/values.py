"""What a value of a rule may mean: a number, a day, a moment, a text; read alike from JSON and from text."""

import json
import math
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

# The same expressions are used here and, as parameters, by PostgreSQL: what passes can be cast without an error.
# Without bounds like {1,200}, which make PostgreSQL twenty times slower: no text kept is too long for a numeric.
NUMBER = r"-?[0-9]+(\.[0-9]+)?"
_LEAP_DAY = r"(?:[0-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29"
DAY = (
    r"(?:(?!0000)[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|" + _LEAP_DAY + ")"
)
LOCAL_MOMENT = DAY + r"[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
MOMENT = LOCAL_MOMENT + r"(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])"
# Nearly all days and moments, known in half the time: to be asked before the others.
USUAL_DAY = "[12][0-9][0-9][0-9]-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
USUAL_MOMENT = USUAL_DAY + r"[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?(?:Z|[+]00:00)"

MAX_TEXT = 1000
_LITERAL = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?")

Typed = Decimal | date | datetime


def number(item: Any) -> Decimal | None:
    """The number that a JSON value stands for: 5, 5.5 and "5.5" are numbers; true and "abc" are none."""
    if isinstance(item, bool):
        return None
    if isinstance(item, (int, float)):
        return Decimal(str(item)) if math.isfinite(item) and abs(item) < 1e30 else None
    if isinstance(item, str) and len(item) < 60 and re.fullmatch(NUMBER, item):
        return Decimal(item)
    return None


def moment(item: Any) -> date | datetime | None:
    """The day ("2026-03-01") or the moment that a JSON value stands for.

    A moment without an offset comes back naive: it is local to the installation's zone.
    """
    if not isinstance(item, str):
        return None
    if re.fullmatch(DAY, item):
        return date.fromisoformat(item)
    if re.fullmatch(MOMENT, item) or re.fullmatch(LOCAL_MOMENT, item):
        return datetime.fromisoformat(item)
    return None


def literals(item: Any) -> list[str]:
    """The JSON literals that count as equal to a value: 42 and "42", true and "true"; what a form or a CSV file brings
    as text equals what the API brings typed."""
    text = json.dumps(item)
    if isinstance(item, str):
        return [text, item] if _LITERAL.fullmatch(item) or item in ("true", "false") else [text]
    return [text, json.dumps(text)]


def texts(item: Any) -> list[str]:
    """The texts that count as equal to a value, for columns that hold text."""
    return [item] if isinstance(item, str) else [json.dumps(item)]


def is_scalar(item: Any) -> bool:
    return isinstance(item, (str, int, float)) and not (isinstance(item, float) and not math.isfinite(item))
