"""Reads a text that names contacts, such as a column that was copied out of a table, and finds whom it names."""

import re
from dataclasses import dataclass, field
from typing import Any

from contacts.matching import resolve

MOST = 5_000
_BETWEEN = re.compile(r"[\n\r,;\t]+")
_ADDRESS = re.compile(r"<([^<>\s]+@[^<>\s]+)>")


@dataclass
class Pasted:
    ids: list[int] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


class TooMany(ValueError):
    def __init__(self) -> None:
        super().__init__(f"At most {MOST:,} at a time. Upload a file for more.")


def read(text: str) -> Pasted:
    """Emails, phone numbers, external ids, or ids of contacts such as “#12”, separated by commas, semicolons or new
    lines. Raises TooMany."""
    names = [name for part in _BETWEEN.split(text.replace("\0", "")) if (name := _name(part))]
    if len(names) > MOST:
        raise TooMany
    found = Pasted()
    for name, answer in zip(names, resolve([_reference(name) for name in names]), strict=True):
        if isinstance(answer, int):
            found.ids.append(answer)
        else:
            found.unknown.append(name)
    return found


def _name(part: str) -> str:
    written = _ADDRESS.search(part)  # “Ann Lee <ann@example.com>”
    return (written[1] if written else part).strip(" \"'")


def _reference(name: str) -> dict[str, Any]:
    if "@" in name:
        return {"email": name}
    if re.fullmatch(r"#[0-9]{1,18}", name):
        return {"id": int(name[1:])}
    if re.fullmatch(r"\+[0-9 ().\-/]{5,25}", name):
        return {"phone": name}
    return {"external_id": name}
