"""Builders for what reports tell, and the days for which tests ask."""

from datetime import datetime

from campaigns import counting
from campaigns.counting import Of
from campaigns.models import Origin
from flows.models import Scenario
from tests import make
from tests.campaigns import letters
from tests.make import NOW

ASKED = "since=2026-03-01&until=2026-03-31"


def scenario(name: str = "Welcome") -> Scenario:
    return make.scenario(
        make.graph(("in", "on_event", {"event": "contact.created"}),
                   ("mail", "email", {"subject": "Hi", "body": "<p>Hi</p>"}), edges="in>mail"), name=name)  # fmt: skip


def counted(n: int, at: datetime = NOW, origin: str = "", **keys) -> Of:
    """So many messages are sent at a moment."""
    found = Origin.objects.get_or_create(key=origin or f"scenario:{scenario().pk}:mail")[0]
    which = Of(found.pk, letters.content().pk, **keys)
    counting.count([(which, "sent", n)], at)
    return which
