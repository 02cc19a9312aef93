"""Trigger: lets a segment, or everybody, in once, when the scenario is started."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from contacts.models import Contact
from flows.nodes import _audience
from flows.nodes._fields import segment_field
from flows.nodes._form import NodeForm
from flows.nodes.base import Run, Trigger


class Now(Trigger):
    label = "Now"
    hint = "Contacts enter once, as soon as the scenario is started."
    order = 10
    icon = "zap"

    class Form(NodeForm):
        segment = segment_field(help_text="Who enters when the scenario is started.")

    def summary(self, config: dict[str, Any]) -> str:
        return _audience.name(config)

    def runs(self, config: dict[str, Any], started: datetime, since: datetime, zone: str) -> Iterator[Run]:
        if started > since:
            # Started again, it lets its audience in again.
            yield Run(f"now:{started.isoformat()}", started)

    def audience(self, config: dict[str, Any], run: dict[str, Any], now: datetime) -> QuerySet[Contact]:
        return _audience.members(config, now)


node = Now()
