"""A file goes in slice by slice, and whatever happens meanwhile, each of its rows goes in once."""

import tracemalloc

import pytest

from contacts.imports import csv_pieces, csv_reading, importing, uploading
from contacts.models import Consent, Contact, CsvImport, CsvRefusal
from tests import make
from tests.contacts.at_once import at_once
from tests.contacts.test_importing import counts, imported, reasons

NOW = make.NOW
pytestmark = pytest.mark.django_db


def test_slices_go_on_where_the_last_one_committed(monkeypatch):
    monkeypatch.setattr(csv_pieces, "PIECE", 7)
    monkeypatch.setattr(importing, "PIECES", 1)
    content = "email,note\n" + "".join(f'c{n}@example.com,"line one\nline {n}"\n' for n in range(40))
    file = uploading.store("x.csv", [content.encode()])
    importing.confirm(file, file.mapping, {})
    slices = 0
    while importing.work(NOW):
        slices += 1
    assert slices == 6
    assert Contact.objects.count() == 40
    assert Contact.objects.get(email="c39@example.com").attributes["note"] == "line one\nline 39"


def test_pieces_of_few_rows_and_few_bytes_come_to_the_same(monkeypatch):
    lines = [f'c{n}@example.com,"{"long " * (n % 60)}\n{n}"\n' + "\n" * (n % 7) for n in range(200)]
    content = "email,note\n" + "".join(lines) + "\n" * 3000 + 'last@example.com,"x\n'
    monkeypatch.setattr(csv_pieces, "PIECE", 9)
    monkeypatch.setattr(csv_pieces, "PIECE_BYTES", 500)
    monkeypatch.setattr(importing, "PIECES", 3)
    monkeypatch.setattr(csv_reading, "LONGEST_ROW", 1000)
    monkeypatch.setattr(importing, "FARTHEST", 3000)
    monkeypatch.setattr(uploading, "PIECE", 400)
    file = imported(content)
    assert counts(file) == (200, 0, 0, 1)
    line = content.count("\n")
    assert reasons(file) == {line: "The quotes in this row do not match, or it is longer than 2 MB."}
    assert (file.offset, file.lines_read) == (file.size, line)


def test_a_slice_that_is_cut_off_leaves_nothing_and_comes_again(monkeypatch):
    """The process may die at any statement: the rows and the position are one transaction."""
    file = uploading.store("x.csv", [b"email\n" + b"".join(b"c%d@example.com\nbad\n" % n for n in range(10))])
    importing.confirm(file, file.mapping, {})
    saved = CsvImport.save

    def killed(self, *args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(CsvImport, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        importing.work(NOW)
    assert not Contact.objects.exists()
    assert not CsvRefusal.objects.exists()
    monkeypatch.setattr(CsvImport, "save", saved)
    while importing.work(NOW):
        pass
    file.refresh_from_db()
    assert counts(file) == (10, 0, 0, 10)


def test_a_file_that_lost_its_end_fails_rather_than_coming_again_forever():
    file = uploading.store("x.csv", [b"email\na@example.com\n"])
    importing.confirm(file, file.mapping, {})
    CsvImport.objects.update(size=file.size + 1)
    while importing.work(NOW):
        pass
    file.refresh_from_db()
    assert file.state == "failed"


@pytest.mark.django_db(transaction=True)
def test_two_files_about_the_same_people_go_in_at_once(monkeypatch):
    """Each of their slices holds people whom the other wants."""
    monkeypatch.setattr(csv_pieces, "PIECE", 20)
    monkeypatch.setattr(importing, "PIECES", 5)
    lines = [b"c%d@example.com,%d\n" % (n, n) for n in range(300)]
    for ordered in (lines, lines[::-1]):
        file = uploading.store("x.csv", [b"email,note\n", *ordered])
        importing.confirm(file, file.mapping, {})
    at_once(*[lambda: [None for _ in iter(lambda: importing.work(NOW), False)]] * 2)
    while importing.work(NOW):
        pass
    files = CsvImport.objects.all()
    assert [(file.state, file.created + file.unchanged) for file in files] == [("done", 300), ("done", 300)]
    assert sum(file.created for file in files) == Contact.objects.count() == 300


def test_memory_does_not_grow_with_the_file():
    def pieces(rows: int):
        yield b"email,city\n"
        for start in range(0, rows, 1000):
            yield b"".join(b"c%d@example.com,%s\n" % (n, b"x" * 1000) for n in range(start, start + 1000))

    peaks = []
    for rows in (10_000, 40_000):
        tracemalloc.start()
        file = uploading.store("x.csv", pieces(rows))
        importing.confirm(file, ["email", None], {})
        while importing.work(NOW):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_newcomers_by_the_hundred_are_subscribed_on_a_stated_basis_alone():
    """They go in another way than few do."""
    content = "email,consent\n" + "".join(f"c{n}@example.com,{'yes' if n % 2 else 'no'}\n" for n in range(600))
    imported(content)
    assert set(Consent.objects.values_list("state", flat=True)) == {"unsubscribed"}
    imported(content.replace("@", "@new."), {"basis": "Sign-up form"})
    kept = Consent.objects.filter(state="subscribed")
    assert kept.count() == 300
    assert all(proof["basis"] == "Sign-up form" for proof in kept.values_list("proof", flat=True))
