"""Workers are killed in the middle of a scenario, and nobody is lost and nothing is sent twice."""

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from campaigns.delivery.claiming import LEASE
from campaigns.models import Message, Provider
from contacts import consent, timeline
from contacts.models import ContactTag
from flows import starting
from flows.models import Execution
from tests import make
from tests.chaos.crew import Crew, Mailbox, mailbox, told
from tests.flows.audit import complaints
from tests.make import NOW

CONTACTS = 20_000
# Every so many of them may be written to, the others have unsubscribed: mails are what takes the time.
WRITTEN_TO = 1 if os.environ.get("WAYPOST_CHAOS") == "full" else 8
WEEK = timedelta(days=7)
FIRST = make.graph(
    ("in", "on_event", {"event": "order.placed"}),
    ("mail", "email", {"subject": "Hello", "body": "<p>Hello</p>"}),
    ("wait", "wait", {"amount": 7, "unit": "days"}),
    ("clicked", "condition", {"rule": {"rule": "message", "did": "clicked", "node": "mail"}}),
    ("again", "email", {"subject": "Still there?", "body": "<p>Hello again</p>"}),
    ("keen", "tag", {"add": ["keen"], "remove": []}),
    edges="in>mail mail>wait wait>clicked clicked:no>again clicked:yes>keen",
)


def until(look: Callable[[], Any], crew: Crew, pause: float = 0.05, seconds: float = 240) -> Any:
    """What `look` returns as soon as that is true; the workers must all be alive meanwhile."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert all(worker.poll() is None for worker in crew.workers.values()), "A worker ended by itself."
        assert time.monotonic() < deadline, f"After {seconds} seconds: {states()}"
        time.sleep(pause)
    return found


def states() -> dict[str, Counter]:
    return {
        "executions": Counter(f"{state} at {node}" for state, node in Execution.objects.values_list("state", "node")),
        "messages": Counter(Message.objects.values_list("state", flat=True)),
    }


def nothing_is_queued() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM campaigns_message WHERE state = 'queued')")
        return not cursor.fetchone()[0]


def everybody_is(state: str) -> Callable[[], bool]:
    def look() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM flows_execution WHERE state = %s", [state])
            return cursor.fetchone()[0] == CONTACTS

    return look


def moving(crew: Crew) -> str:
    """Whoever is in the middle of a transaction that moves contacts."""
    return until(lambda: crew.in_transaction("flows_execution"), crew, pause=0.01)


def mailing(crew: Crew, inbox: Mailbox, chance: random.Random, more: int) -> str:
    """Somebody, after so many more mails have arrived."""
    goal = inbox.size() + more
    until(lambda: inbox.size() >= goal, crew)
    return chance.choice(sorted(crew.workers))


def storm(crew: Crew, inbox: Mailbox, ids: list[int], chance: random.Random) -> None:
    share = CONTACTS // WRITTEN_TO // 10
    # The workers enter everybody and send the first mail.
    crew.hire()
    crew.kill(moving(crew))
    crew.kill(mailing(crew, inbox, chance, share))
    crew.cut(mailing(crew, inbox, chance, share))
    crew.kill(mailing(crew, inbox, chance, share))
    until(everybody_is("waiting"), crew)
    until(nothing_is_queued, crew)
    # Every fifth clicks, and a week goes by.
    Message.objects.filter(contact_id__in=ids[::5]).update(clicked_at=NOW)
    crew.at(NOW + WEEK)
    crew.kill(moving(crew))
    crew.kill(mailing(crew, inbox, chance, share))
    until(everybody_is("completed"), crew)
    until(nothing_is_queued, crew)
    # What the dead had in hand is settled when its time is over.
    crew.at(NOW + WEEK + 2 * LEASE)
    until(lambda: not Message.objects.filter(state__in=["queued", "sending"]).exists(), crew)


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
def test_killed_workers_lose_nobody_and_send_nothing_twice(tmp_path: Path, capsys: pytest.CaptureFixture):
    crew, chance = Crew(3, tmp_path), random.Random(4)
    with mailbox(tmp_path) as inbox:
        Provider.objects.all().delete()
        where = {"host": "127.0.0.1", "port": inbox.port, "security": "none", "username": "", "timeout": 10}
        shop = {"from_name": "Ada’s shop", "from_email": "shop@example.com"}
        Provider.objects.create(channel="email", kind="smtp", name="Mail", settings=where | shop, is_default=True)
        ids = make.contacts(CONTACTS)
        written_to = set(ids[::WRITTEN_TO])
        consent.set_state([pk for pk in ids if pk not in written_to], "email", "unsubscribed", "", NOW)
        scenario = make.scenario(FIRST)
        starting.start(scenario, NOW)
        timeline.record_for(ids, "order.placed", {}, NOW)
        crew.at(NOW)
        try:
            storm(crew, inbox, ids, chance)
        finally:
            crew.dismiss()
        taken = inbox.taken()

    keen = len(ids[::5])
    assert states()["executions"] == {"completed at again": CONTACTS - keen, "completed at keen": keen}
    assert set(ContactTag.objects.values_list("contact_id", flat=True)) == set(ids[::5])
    assert complaints(senders=["mail", "again"]) == {}

    ledger: dict[str, set[int]] = {"sent": set(), "unknown": set(), "skipped": set()}
    contact_of = {}
    for pk, state, contact in Message.objects.values_list("pk", "state", "contact_id"):
        ledger[state].add(pk)
        contact_of[pk] = contact
    sent, unknown, skipped = ledger["sent"], ledger["unknown"], ledger["skipped"]
    assert len(contact_of) == CONTACTS + CONTACTS - keen
    assert max(taken.values()) == 1, "sent twice"
    assert sent <= set(taken) <= sent | unknown
    assert {contact_of[pk] for pk in taken} <= written_to
    assert not {contact_of[pk] for pk in skipped} & written_to
    lost = set(Message.objects.filter(state="unknown").values_list("owner", flat=True))
    assert len(lost) <= crew.survived["killed workers"], "only what a killed worker had in hand may be unknown"
    arrived = len(unknown & set(taken))
    with capsys.disabled():
        sys.stdout.write(
            f"\n{told(crew.survived)} survived by {CONTACTS:,} contacts: "
            f"{len(sent):,} mails sent, {len(skipped):,} not wanted, "
            f"{len(unknown):,} unknown ({arrived:,} of them arrived).\n"
        )
