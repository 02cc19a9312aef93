"""Imports a CSV file or an Excel workbook of contacts and prints what became of its rows."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from contacts import topics
from contacts.imports import converting, csv_mapping, importing, uploading
from contacts.imports.csv_mapping import TARGETS
from contacts.imports.csv_sniffing import Unreadable, is_delimiter, is_encoding
from contacts.models import CsvImport


class Command(BaseCommand):
    help = "Update or create contacts from a CSV file or an Excel workbook with headers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--delimiter", default="", help="Guessed when left out; “tab” for a tab.")
        parser.add_argument("--encoding", default="", help="Guessed when left out.")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="HEADER=TARGET",
            help=f"What a column is: {', '.join(TARGETS)}, text:KEY, number:KEY, boolean:KEY, date:KEY, "
            "date_dmy:KEY, list:KEY, topic.KEY.email or topic.KEY.sms (consent to a topic), "
            "or nothing to leave it out. May be given several times; other columns are guessed.",
        )
        parser.add_argument(
            "--country", default="", help="Two letters: phone numbers without a country are read as its."
        )
        parser.add_argument(
            "--basis",
            default="",
            help="How and when its people agreed: lets the file subscribe them, and is kept as the proof.",
        )
        parser.add_argument(
            "--resubscribe", action="store_true", help="With a basis: let it subscribe again who has unsubscribed."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        delimiter = {"tab": "\t", "\\t": "\t"}.get(options["delimiter"], options["delimiter"])
        if delimiter and not is_delimiter(delimiter):
            raise CommandError("A delimiter is one character that is neither letter, digit nor quote, or “tab”.")
        if options["encoding"] and not is_encoding(options["encoding"]):
            raise CommandError(f"“{options['encoding']}” is not an encoding that files can be read in.")
        try:
            with path.open("rb") as opened:
                pieces = iter(lambda: opened.read(uploading.PIECE), b"")
                file = converting.store(path.name, pieces, encoding=options["encoding"], delimiter=delimiter)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except Unreadable as unreadable:
            raise CommandError(str(unreadable)) from None
        while CsvImport.objects.filter(pk=file.pk, state="converting").exists():
            converting.work(timezone.now())
        file.refresh_from_db()
        if file.state == CsvImport.State.FAILED:
            raise CommandError(file.error)
        if doubt := uploading.doubt(file):
            self.stderr.write(doubt)
        mapping = self._mapping(file, options["map"])
        chosen = {name: options[name] for name in ("basis", "resubscribe")}
        importing.confirm(file, mapping, {**chosen, "country": options["country"].upper()})
        while CsvImport.objects.filter(pk=file.pk, state__in=("queued", "running")).exists():
            importing.work(timezone.now())
        file.refresh_from_db()
        if file.state == CsvImport.State.FAILED:
            raise CommandError(file.error)
        for refusal in file.refusals.order_by("id")[:20]:
            self.stderr.write(str(refusal))
        if file.refused > 20:
            self.stderr.write(f"… and {file.refused - 20} more refused rows.")
        self.stdout.write(
            f"{file.rows_read} rows: {file.created} created, {file.updated} updated, "
            f"{file.unchanged} unchanged, {file.refused} refused."
        )

    def _mapping(self, file: CsvImport, given: list[str]) -> list[str | None]:
        said: dict[str, str | None] = {}
        for entry in given:
            header, equals, target = entry.rpartition("=")
            if not equals or header not in file.headers:
                raise CommandError(f"“{entry}”: there is no such column. The file has {', '.join(file.headers)}.")
            if target and not csv_mapping.is_target(target):
                raise CommandError(
                    f"{csv_mapping.misnamed(target)} Take {', '.join(TARGETS)}, topic.KEY.email or text:KEY."
                )
            said[header] = target
        mapping = csv_mapping.changed(file.headers, file.mapping, said)
        if problem := csv_mapping.problem(mapping, topics.known()):
            raise CommandError(f"{problem} Say what a column is with --map HEADER=TARGET.")
        return mapping
