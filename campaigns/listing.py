"""Reads a file that names contacts, as the audience of a campaign."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from campaigns.models import Campaign


@dataclass(frozen=True)
class Unknown:
    """A row that names nobody: its line in the file, what stood there, and why it was left out."""

    line: int
    text: str
    sentence: str


@dataclass
class FileRead:
    """What came of a file: how many contacts it named, how many of its rows named somebody again, and how many nobody,
    with the first MOST_UNKNOWN of those."""

    listed: int = 0
    repeated: int = 0
    unknown: int = 0
    unknown_rows: list[Unknown] = field(default_factory=list)


def read_file(campaign: Campaign, pieces: Iterable[bytes], now: datetime) -> FileRead:
    """Let the contacts that a CSV file names by email, phone or external id stand in the campaign's list, instead of
    who stood there. `pieces` are the file's bytes (an UploadedFile's `.chunks()`).

    Sets `audience["file"]`. Raises contacts.csv_sniffing.Unreadable with a sentence, or WrongState."""
    raise NotImplementedError


def listed(campaign: Campaign) -> int:
    """How many contacts stand in its list."""
    raise NotImplementedError


def forget_file(campaign: Campaign) -> None:
    """Empty its list, and ask for none."""
    raise NotImplementedError
