"""Works out what notices change of one message, and writes the changes of many in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from campaigns.models import Message, MessageState, Notice, What
from campaigns.tracking import machines, signatures
from campaigns.tracking.machines import Seen
from contacts.models import Installation
from contacts.timeline import NewEvent

_COLUMNS = ("sent_at", "delivered_at", "bounced_at", "failed_at", "complained_at", "opened_at", "clicked_at",
            "unsubscribed_at", "unknown_at")  # fmt: skip
_TEXTS = ("state", "reason", "opened_on", "clicked_on", "provider_message_id")
_WRITE = f"""
UPDATE campaigns_message m SET owner = NULL, leased_until = NULL,
    {", ".join(f"{name} = c.{name}" for name in (*_TEXTS, *_COLUMNS))}
FROM unnest(%s::bigint[], {", ".join(["%s::text[]"] * len(_TEXTS) + ["%s::timestamptz[]"] * len(_COLUMNS))})
    AS c (id, {", ".join((*_TEXTS, *_COLUMNS))})
WHERE m.id = c.id
"""  # noqa: S608 - our own names
# The gravest first.
_STATES = (
    ("complained_at", MessageState.COMPLAINED),
    ("bounced_at", MessageState.BOUNCED),
    ("failed_at", MessageState.FAILED),
    ("delivered_at", MessageState.DELIVERED),
    ("sent_at", MessageState.SENT),
)
# What is written where it is heard first, and counted under the same name.
_MOMENTS = {
    What.DELIVERED: "delivered",
    What.SOFT: "bounced",
    What.HARD: "bounced",
    What.REFUSED: "failed",
    What.COMPLAINED: "complained",
    What.UNSUBSCRIBED: "unsubscribed",
}


@dataclass(frozen=True, slots=True)
class Visit:
    """To a message's picture, or to a link: see models.Hit."""

    number: int | None
    at: datetime
    agent: str
    device: str
    why: str
    counted: bool
    url: str


class Change:
    """One message, and what is heard of it. `installation` says whether machines count."""

    def __init__(self, message: Message, installation: Installation, now: datetime) -> None:
        self.message, self.installation, self.now = message, installation, now
        self.left_at = message.sent_at
        self.visits: list[Visit] = []
        self.metrics: list[str] = []
        self.events: list[NewEvent] = []
        self.was_unknown_at: datetime | None = None
        self.was_delivered_at: datetime | None = None
        self.hard = self.soft = self.complained = self.leaves = self.is_news = False
        self.address = message.contact.email or ""
        self.links: dict[int, str] = {}  # those clicked, by number
        self.settings: dict[str, Any] = {}
        self.proof: dict[str, Any] = {}  # of that the contact left

    @property
    def never_taken(self) -> bool:
        return self.message.state == MessageState.FAILED

    @property
    def about(self) -> dict[str, Any]:
        return {"message": self.message.pk, "origin": self.message.origin.key}

    def hear(self, notice: Notice, burst: bool = False) -> None:
        """`burst`: it is one of several that came faster than anybody clicks."""
        if self.message.state == MessageState.SKIPPED:
            return  # It never left: the service confuses it.
        what = What(notice.what)
        self.address = notice.recipient or self.address
        self.settings = notice.provider.settings
        if not self.message.provider_message_id and notice.provider_message_id:
            self.message.provider_message_id = notice.provider_message_id
            self.is_news = True
        self._was_taken()
        if what in (What.OPENED, What.CLICKED):
            self._engaged(what, notice, burst)
        elif metric := _MOMENTS.get(what):
            before = self.message.state
            # What came back was not delivered, in whichever order the two are told.
            first = not (what == What.DELIVERED and self.message.bounced_at) and self._first(metric)
            if metric == "bounced":
                self._take_delivery_back()
            if first and what in (What.COMPLAINED, What.UNSUBSCRIBED):
                self.leaves = True
                self.proof = {"message": self.message.pk, "provider": notice.provider.name, "told": str(what.label)}
            self._settle()
            if self.message.state != before or (what == What.HARD and before == MessageState.BOUNCED):
                self._explain(notice)
            self._tell(what, metric, notice)
        self._settle()
        self.hard |= what == What.HARD
        self.soft |= what == What.SOFT
        self.complained |= what == What.COMPLAINED

    def _engaged(self, what: What, notice: Notice, burst: bool) -> None:
        """As tracking has it: who clicks has opened; each link is an event once, and the message counts once."""
        number = link_of(notice.url, self.message.pk) if what == What.CLICKED else None
        if what == What.CLICKED and number is None:
            return  # No link of ours that counts, such as the one to unsubscribe.
        counted, why = self._judged(number, notice, burst)
        if not counted:
            return
        if self._first("opened"):
            self.message.opened_on = notice.device
            about = {**self.about, "why": machines.WHY[why]} if why else self.about
            self.events.append(NewEvent(self.message.contact_id, "email.opened", about))
        if number is not None:
            if self._first("clicked"):
                self.message.clicked_on = notice.device
            self.links.setdefault(number, notice.url)

    def _judged(self, number: int | None, notice: Notice, burst: bool) -> tuple[bool, str]:
        """Whether it counts, and why it was a machine."""
        opens = number is None
        why = machines.why(Seen(notice.agent), self.left_at, notice.at, opens) or (machines.BURST if burst else "")
        counts = self.installation.count_machine_opens if opens else self.installation.count_machine_clicks
        visit = Visit(number, notice.at, notice.agent, notice.device, why, not why or counts, notice.url)
        self.visits.append(visit)
        return visit.counted, why

    def _settle(self) -> None:
        self.message.state = next(
            state for name, state in _STATES if name == "sent_at" or getattr(self.message, name) is not None
        )

    def _explain(self, notice: Notice) -> None:
        if notice.what != What.DELIVERED and notice.reason and notice.reason != self.message.reason:
            self.message.reason = notice.reason
            self.is_news = True

    def _was_taken(self) -> None:
        """Whoever says anything of a message has taken it."""
        message = self.message
        if message.sent_at is None and message.bounced_at is None and message.failed_at is None:
            message.sent_at = self.now
            self._count("sent")
            self.events.append(NewEvent(message.contact_id, "email.sent", self.about, key=f"sent:{message.pk}"))
        if message.unknown_at:
            self.was_unknown_at, message.unknown_at = message.unknown_at, None
            message.reason = ""
            self.is_news = True

    def _first(self, metric: str) -> bool:
        name = f"{metric}_at"
        if getattr(self.message, name) is not None:
            return False
        setattr(self.message, name, self.now)
        self._count(metric)
        return True

    def _take_delivery_back(self) -> None:
        if self.message.delivered_at is None:
            return
        if "delivered" in self.metrics:
            self.metrics.remove("delivered")
        else:
            self.was_delivered_at = self.message.delivered_at
        self.message.delivered_at = None
        self.is_news = True

    def _count(self, metric: str) -> None:
        self.metrics.append(metric)
        self.is_news = True

    def _tell(self, what: What, metric: str, notice: Notice) -> None:
        """Each sort of news is an event once; that a contact leaves is told with their consent."""
        if what == What.UNSUBSCRIBED:
            return
        properties: dict[str, Any] = {**self.about, "provider": notice.provider_id}
        if what in (What.SOFT, What.HARD):
            properties["bounce"] = what.value
        if what != What.DELIVERED:
            properties["reason"] = notice.reason[:500]
        key = f"{what.value}:{self.message.pk}"
        self.events.append(NewEvent(self.message.contact_id, f"email.{metric}", properties, key=key))


def write(changes: Sequence[Change]) -> None:
    if not changes:
        return
    messages = [change.message for change in changes]
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            [
                [message.pk for message in messages],
                *([getattr(message, name) for message in messages] for name in (*_TEXTS, *_COLUMNS)),
            ],
        )


def link_of(url: str, message_id: int) -> int | None:
    """The number of a tracked link of this very message."""
    head, _slash, number = urlsplit(url).path.rpartition("/")
    rest, _slash, token = head.rpartition("/")
    if not rest.endswith("/c") or not number.isdecimal() or len(number) > 4:
        return None
    return int(number) if signatures.message_of(token) == message_id else None
