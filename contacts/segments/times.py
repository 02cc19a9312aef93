"""What can be asked about the moment of something, such as when a contact was created or first bought."""

from typing import Any

from contacts.segments import operators, values, wording

# The operators, as they are offered and as they end a sentence; `{}` is the value.
_ASKED = {
    "in_last_days": ("in the last … days", "in the last {}"),
    "days_ago": ("more than … days ago", "more than {} ago"),
    "before": ("before", "before {}"),
    "after": ("after", "after {}"),
    "at_least": ("on or after", "on or after {}"),
    "at_most": ("on or before", "on or before {}"),
    "between": ("between", "between {}"),
    "equals": ("on", "on {}"),
    "not_equals": ("not on", "on another day than {}"),
    "anniversary_today": ("this day, in an earlier year", "on this day of this or an earlier year"),
    "anniversary_in_days": ("anniversary in the next … days", "on a day whose anniversary is in the next {}"),
}
_SAID = {**{key: words for key, (_, words) in _ASKED.items()}, "greater": "after {}", "less": "before {}",
         "in_next_days": "in the next {}", "days_ahead": "more than {} ahead"}  # fmt: skip
CHOICES = [(key, label) for key, (label, _) in _ASKED.items()]


def problems(key: Any, value: Any) -> list[str]:
    """Why a moment cannot be asked this, as sentences."""
    found = operators.operator(key)
    if found is not None and found.key not in _SAID:
        return [f"A moment cannot be asked whether it “{found.label}”."]
    return operators.problems(key, value, of_dates=True)


def words(key: Any, value: Any) -> str:
    """`in the last 30 days`, `between 1 Jan 2026 and 31 Jan 2026`."""
    found = operators.operator(key)
    if found is None or found.key not in _SAID:
        return "…"
    if found.takes == "days":
        if found.key in operators.TODAY and values.number(value) == 0:
            return "today"
        return _SAID[found.key].format(wording.days(value))
    shown = " and ".join(map(wording.when, value)) if isinstance(value, list) else wording.when(value)
    return _SAID[found.key].format(shown or "…")
