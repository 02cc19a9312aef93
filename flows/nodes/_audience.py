"""Whom triggers that follow the clock let in."""

import hashlib
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from campaigns.mailings import audience
from campaigns.models import Campaign
from contacts import segments
from contacts.models import Contact, Segment
from contacts.remembering import remembered
from flows.nodes._fields import segment_name


def members(config: dict[str, Any], now: datetime) -> QuerySet[Contact]:
    """The contacts of the config's segment, as it is now; all of them where it names none, nobody where it is gone.
    With `campaign`, whoever that campaign is for."""
    if config.get("campaign"):
        campaign = _campaign(config)
        return audience.members(campaign, now) if campaign else Contact.objects.none()
    chosen = config.get("segment")
    if not chosen:
        return Contact.objects.all()
    if not Segment.objects.filter(pk=chosen).exists():
        return Contact.objects.none()
    return segments.audience({"rule": "segment", "id": chosen}, now)


def name(config: dict[str, Any]) -> str:
    """How a summary calls them."""
    if config.get("campaign"):
        campaign = remembered(("campaign", str(config["campaign"])), lambda: _campaign(config))
        return f"The audience of “{campaign}”" if campaign else "The audience of a campaign that is gone"
    return segment_name(config.get("segment"))


def _campaign(config: dict[str, Any]) -> Campaign | None:
    chosen = config["campaign"]
    return Campaign.objects.filter(pk=chosen).first() if isinstance(chosen, int) else None


def in_zones(contacts: QuerySet[Contact], run: dict[str, Any]) -> QuerySet[Contact]:
    """Those whose own zone is among the run's `zones`; `blank` says that the installation's is. Everybody without."""
    if "zones" not in run:
        return contacts
    own = Q(timezone__in=run["zones"])
    return contacts.filter(own | Q(timezone="") if run.get("blank") else own)


def drawn(contacts: QuerySet[Contact], percent: float, draw: str) -> QuerySet[Contact]:
    """A random share. The same `draw` always picks the same contacts, so that the slices of one run agree."""
    seed = int.from_bytes(hashlib.blake2b(draw.encode(), digest_size=8).digest(), signed=True)
    lot = "mod(hashtextextended(contacts_contact.id::text, %s) & 9223372036854775807, 1000000) < %s"
    return contacts.filter(RawSQL(lot, (seed, round(percent * 10_000)), output_field=BooleanField()))  # noqa: S611
