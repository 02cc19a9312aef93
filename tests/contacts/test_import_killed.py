"""A worker is killed in the middle of a file, and another goes on: each row goes in once."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from contacts.imports import csv_pieces, importing, uploading
from contacts.models import Contact, ContactTag, CsvAhead, CsvImport, Event
from tests import make
from tests.contacts.test_importing import counts
from tests.other_process import environment

NOW = make.NOW
ROWS = 8_000
WORKER = f"""
import django; django.setup()
from datetime import datetime
from contacts.imports import csv_pieces, importing
csv_pieces.PIECE = 100
while importing.work(datetime.fromisoformat("{NOW.isoformat()}")): pass
"""


def killed_in_the_middle(file: CsvImport, chance: random.Random) -> None:
    begun = CsvImport.objects.get(pk=file.pk).offset
    worker = subprocess.Popen([sys.executable, "-c", WORKER], env=environment())
    deadline = time.monotonic() + 120
    while CsvImport.objects.get(pk=file.pk).offset == begun and time.monotonic() < deadline:
        assert worker.poll() is None
        time.sleep(0.01)
    time.sleep(chance.random() / 20)
    os.kill(worker.pid, signal.SIGKILL)
    assert worker.wait() == -signal.SIGKILL, "It ended before it could be killed."


@pytest.mark.django_db(transaction=True)
def test_whoever_goes_on_after_a_killed_worker_takes_each_row_in_once(monkeypatch):
    lines = [f"c{n}@example.com,new,{n}\n" if n % 97 else "nobody,new,0\n" for n in range(ROWS)]
    lines[500] = "c3@example.com,late,3\n"  # about somebody of a piece before
    file = uploading.store("x.csv", [b"email,tags,number\n", *(line.encode() for line in lines)])
    importing.confirm(file, file.mapping, {})
    chance = random.Random(7)
    for _ in range(2):
        killed_in_the_middle(file, chance)
    monkeypatch.setattr(csv_pieces, "PIECE", 1000)
    while importing.work(NOW):
        pass
    file.refresh_from_db()
    refused = sum(line.startswith("nobody") for line in lines)
    assert (file.state, file.rows_read) == ("done", ROWS)
    assert counts(file) == (ROWS - refused - 1, 1, 0, refused)
    assert file.refusals.count() == refused
    assert Contact.objects.count() == ROWS - refused - 1
    told = Counter(Event.objects.values_list("name", flat=True))
    assert told == {"contact.created": ROWS - refused - 1, "tag.added": ROWS - refused}
    assert ContactTag.objects.count() == ROWS - refused
    assert not CsvAhead.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_hands_come_to_the_same_as_one(monkeypatch):
    """People come back in later pieces, under another identifier, with another value, or as somebody else's."""
    monkeypatch.setattr(csv_pieces, "PIECE", 300)
    chance = random.Random(1)
    rows = [
        f"c{chance.randrange(1500 if n > 1500 else 10**6)}@example.com,+3361{chance.randrange(10**7):07},{n}\n"
        for n in range(3000)
    ]
    rows[900] = rows[300] = "same@example.com,,1\n"
    rows[901] = "same@example.com,,2\n"
    seen = []
    for helped in (True, False):
        CsvImport.objects.all().delete()
        Contact.objects.all().delete()
        file = uploading.store("x.csv", [b"email,phone,note\n", "".join(rows).encode()])
        importing.confirm(file, file.mapping, {})
        monkeypatch.setattr(importing, "helped", lambda now=helped: now)
        while importing.work(NOW):
            pass
        file.refresh_from_db()
        people = Contact.objects.order_by("email").values_list("email", "phone", "attributes")
        seen.append((counts(file), list(people), dict(file.refusals.values_list("line", "reason"))))
    assert seen[0] == seen[1]
    assert seen[0][1][-1] == ("same@example.com", None, {"note": 2})
