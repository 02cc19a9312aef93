"""Takes in the file that names a campaign's audience: a short one at once, a long one slice by slice afterwards."""

import logging
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from itertools import islice

from django.db import InterfaceError, OperationalError, connection, transaction

from campaigns.mailings import listing
from campaigns.mailings.moves import take
from campaigns.models import AudienceFile, Campaign, Listed
from contacts.imports import csv_naming, uploading
from contacts.imports.csv_reading import Reader
from contacts.lanes import nudge
from contacts.models import CsvImport

logger = logging.getLogger(__name__)
# Who uploads so few rows need not wait for a worker.
AT_ONCE = 2_000
# A slice is one transaction of so many rows, or fewer where they are long.
SLICE = 10_000
SLICE_BYTES = 4 * 1024 * 1024
READING = "The uploaded file is still being read ({percent} %). Wait until it is, or remove it."
COPIED = "The campaign was copied while its file was being read."
State = AudienceFile.State


@transaction.atomic
def upload(campaign: Campaign, name: str, pieces: Iterable[bytes], now: datetime) -> AudienceFile:
    """Let the contacts that a CSV file names by email, phone or external id stand in the campaign's list, instead of
    who stood there. `pieces` are the file's bytes (an UploadedFile's `.chunks()`). What is longer than AT_ONCE rows is
    only kept, and read by `work`.

    Sets `audience["file"]`. Raises contacts.imports.csv_sniffing.Unreadable with a sentence, or WrongState."""
    locked = take(campaign, "change")
    _forget(locked)
    file = uploading.store(name or "audience", pieces)
    read = AudienceFile(campaign=locked, file=file, name=name[:255], columns=csv_naming.columns_of(file))
    file.options = {uploading.OWNED: f"campaign {locked.pk}"}
    file.save(update_fields=["options", "offset", "lines_read"])
    read.save(force_insert=True)
    _slice(read, file, AT_ONCE, whole=True)
    _ask_for_file(locked, True)
    campaign.refresh_from_db()
    return read


def work(now: datetime) -> bool:
    """Read one slice of the oldest file that nobody else is at; whether there was one."""
    pk = None
    try:
        with transaction.atomic():
            waiting = AudienceFile.objects.filter(state=State.READING).select_related("file").order_by("file_id")
            read = waiting.select_for_update(skip_locked=True, of=("self",)).first()
            if read is None:
                return False
            pk = read.pk
            with connection.cursor() as cursor:
                # Rows and position are one commit: a crash of the database takes back both, and the slice comes again.
                cursor.execute("SET LOCAL synchronous_commit = off")
            assert read.file is not None
            _slice(read, read.file, SLICE)
    except (OperationalError, InterfaceError):
        raise  # it was rolled back, and comes again with the next pulse
    except Exception:
        logger.exception("The audience file of campaign %s failed", pk)
        AudienceFile.objects.filter(pk=pk, state=State.READING).update(
            state=State.FAILED, error="Waypost stumbled over this file. Its log says where."
        )
    return True


def _slice(read: AudienceFile, file: CsvImport, most: int, *, whole: bool = False) -> None:
    """Read that many rows on, and say where they end. With `whole`, all of the file or, where it has more, nothing."""
    pieces = uploading.pieces_of(file, file.offset)
    with closing(Reader(pieces, file.encoding, file.delimiter, file.offset, file.lines_read)) as reader:
        rows = list(islice(reader.rows(file.offset + SLICE_BYTES), most))
        ended = reader.offset >= file.size
        if whole and not ended:
            nudge("upkeep")
            return
        if reader.offset == file.offset:
            raise EOFError(f"The bytes of file {file.pk} end at {file.offset}, and there should be {file.size}.")
        file.offset, file.lines_read = reader.offset, reader.lines
    listing.add(read, rows)
    read.percent = file.percent
    if ended:
        read.state, read.percent, read.file = State.DONE, 100, None
        read.save()
        file.delete()
    else:
        read.save()
        file.save(update_fields=["offset", "lines_read"])


def of(campaign: Campaign) -> AudienceFile | None:
    """The file that was uploaded for it, where one is asked for."""
    if not campaign.audience.get("file"):
        return None
    return AudienceFile.objects.filter(campaign=campaign).defer("unknown_rows").first()


def unfinished(campaign: Campaign) -> str:
    """Why its list is not yet whom the file names, as a sentence; "" where it is."""
    read = of(campaign)
    if read is None or read.state == State.DONE:
        return ""
    if read.state == State.FAILED:
        return f"{read.error} Upload the file again, or do without it."
    return READING.format(percent=read.percent)


@transaction.atomic
def remove(campaign: Campaign) -> None:
    """Empty its list, and ask for no file; one that is being read is given up. Raises WrongState."""
    locked = take(campaign, "change")
    _forget(locked)
    _ask_for_file(locked, False)
    campaign.refresh_from_db()


def _forget(locked: Campaign) -> None:
    drop(locked)
    Listed.objects.filter(campaign=locked).delete()


def drop(campaign: Campaign) -> None:
    """Forget its file and where that lies, before its list: so this waits for a slice that is being read, and no slice
    comes after it."""
    list(AudienceFile.objects.filter(campaign=campaign).select_for_update().values_list("pk"))
    CsvImport.objects.filter(audience_file__campaign=campaign).delete()
    AudienceFile.objects.filter(campaign=campaign).delete()


def copy(campaign: Campaign, to: Campaign) -> None:
    """Give another campaign the same list. One that is not complete is no audience: its copy asks for the file."""
    if not campaign.audience.get("file"):
        return
    if unfinished(campaign):
        AudienceFile.objects.create(campaign=to, state=State.FAILED, error=COPIED)
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO campaigns_listed (campaign_id, contact_id)"
            " SELECT %s, contact_id FROM campaigns_listed WHERE campaign_id = %s",
            [to.pk, campaign.pk],
        )


def _ask_for_file(locked: Campaign, wanted: bool) -> None:
    locked.audience = {**locked.audience, "file": wanted}
    locked.save(update_fields=["audience"])
