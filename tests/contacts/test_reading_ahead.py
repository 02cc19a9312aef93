"""The next piece of a file is prepared while the one before is being used."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from contacts.imports.reading_ahead import Supply, one_ahead


def test_a_step_runs_while_the_one_before_is_used():
    begun = [threading.Event() for _ in range(4)]

    def steps() -> Iterator[int]:
        for number, event in enumerate(begun):
            event.set()
            yield number

    seen = []
    for number in one_ahead(steps(), lambda: None):
        seen.append(number)
        assert all(event.wait(10) for event in begun[: number + 2])
        assert not any(event.is_set() for event in begun[number + 2 :])
    assert seen == [0, 1, 2, 3]


def test_what_goes_wrong_in_a_step_reaches_whoever_takes_from_it():
    def steps() -> Iterator[int]:
        yield 1
        raise ValueError("spoilt")

    taken = one_ahead(steps(), lambda: None)
    assert next(taken) == 1
    with pytest.raises(ValueError, match="spoilt"):
        next(taken)


def test_no_thread_is_left_of_one_who_gives_up():
    threads = threading.active_count()
    with closing(one_ahead(iter(range(9)), lambda: None)) as taken:
        assert next(taken) == 0
    assert threading.active_count() == threads


def test_steps_find_what_was_filled_in_before_them_by_the_caller():
    fillers = set()
    supply = Supply((b"x" * 10 for _ in range(5)), 15)

    def fill() -> None:
        fillers.add(threading.current_thread())
        supply.fill()

    def steps() -> Iterator[int]:
        pieces = iter(supply)
        while piece := next(pieces, b""):
            yield len(piece)

    assert list(one_ahead(steps(), fill)) == [10] * 5
    assert fillers == {threading.current_thread()}
