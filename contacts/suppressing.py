"""Keeps the addresses and domains that are never written to: by hand, from lists and files, and out again."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from contacts import csv_writing
from contacts.cleaning import clean_field
from contacts.consent import ADDRESSES, spellings, suppress
from contacts.models import Lifting, Suppression
from contacts.models.consent import Channel

MOST_ROWS = 200_000
PIECE = 5_000
MOST_REFUSED = 100  # shown
_HEADERS = {"address", "email", "phone", "domain", "email address", "e-mail", "phone number"}


@dataclass(slots=True)
class Listed:
    """What became of a list: how many are new, were there already, and were refused; the first of those, and why."""

    added: int = 0
    known: int = 0
    refused: int = 0
    refusals: list[tuple[int, str, str]] = field(default_factory=list)  # line, text, sentence


def clean_address(channel: str, text: str) -> str:
    """An address of the channel as it is kept; for email also a domain, "@example.com". Raises ValidationError."""
    text = text.strip()
    if channel == Channel.EMAIL and text.startswith("@"):
        domain = text[1:].lower()
        clean_field("email", f"a@{domain}")
        return f"@{domain}"
    found = clean_field(ADDRESSES[channel], text)
    if not found:
        raise ValidationError("This is empty.")
    return str(found)


def take_in(channel: str, rows: Iterable[tuple[int, Sequence[str]]], reason: str, now: datetime) -> Listed:
    """Suppress what stands in rows (line, cells): an address or "@domain" in the first cell of each, and in the second,
    if there is one, why; `reason` is for those without. Raises ValidationError for too long a list."""
    result = Listed()
    why: dict[str, tuple[str, str]] = {}
    n = 0
    for line, cells in rows:
        if line == 1 and cells[0].strip().lower() in _HEADERS:
            continue
        n += 1
        if n > MOST_ROWS:
            raise ValidationError(f"Give at most {MOST_ROWS:,} at once.")
        try:
            # The apostrophe keeps spreadsheets from taking “@example.com” or “+33…” for a formula.
            address = clean_address(channel, cells[0].strip().removeprefix("'"))
        except ValidationError as error:
            result.refused += 1
            if len(result.refusals) < MOST_REFUSED:
                result.refusals.append((line, cells[0][:80], " ".join(error.messages)))
            continue
        said = " ".join(cells[1].split()) if len(cells) > 1 else ""
        why.setdefault(address.lower(), (address, said or reason))
    good = list(why.values())
    for start in range(0, len(good), PIECE):
        addresses, reasons = zip(*good[start : start + PIECE], strict=True)
        result.added += suppress(channel, addresses, reasons, now)
    result.known = n - result.refused - result.added
    return result


def rows_of(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """The lines of a list or CSV file that hold something. Commas, semicolons or tabs part cells."""
    text = text.removeprefix("\ufeff").replace("\0", "")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield reader.line_num, ["(a cell that is far too long)"]
            continue
        if cells and any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def kept(channel: str, address: str) -> Suppression:
    """The row of an address that is on the list."""
    return Suppression.objects.annotate(lowered=Lower("address")).get(channel=channel, lowered=address.lower())


@transaction.atomic
def lift(row: Suppression, why: str, by: str, now: datetime) -> bool:
    """Let an address be written to again, and keep who wanted that and why. Returns whether it was still on the list.

    The other spelling of its domain goes with it."""
    also = Suppression.objects.annotate(lowered=Lower("address")).filter(
        channel=row.channel, lowered__in=[spelling.lower() for spelling in spellings(row.address)]
    )
    gone = list(also.select_for_update().order_by("pk"))
    Suppression.objects.filter(pk__in=[each.pk for each in gone]).delete()
    Lifting.objects.bulk_create(
        Lifting(
            channel=each.channel,
            address=each.address,
            reason=each.reason,
            since=each.at,
            at=now,
            by=by[:200],
            why=why[:200],
        )
        for each in gone
    )
    return bool(gone)


def lifted(limit: int = 20) -> list[Lifting]:
    """Which addresses were taken off the list lately, the last first."""
    return list(Lifting.objects.order_by("-pk")[:limit])


def found(words: str = "", channel: str = "") -> QuerySet[Suppression]:
    """Those whose address holds the words."""
    rows = Suppression.objects.all()
    if channel:
        rows = rows.filter(channel=channel)
    return rows.filter(address__icontains=words) if words else rows


def exported(rows: QuerySet[Suppression]) -> Iterator[str]:
    """The list as a CSV file, line by line, with cells made safe to open; it can be taken in again."""
    yield "\ufeff" + csv_writing.line(["Address", "Reason", "Channel", "Since"])
    for channel, address, reason, at in (
        rows.order_by("id").values_list("channel", "address", "reason", "at").iterator(1000)
    ):
        yield csv_writing.line([address, reason, channel, at.isoformat(timespec="seconds")])
