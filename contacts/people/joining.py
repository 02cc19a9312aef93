"""Merges two contacts who are one person: who is kept gets everything, and the other's number leads there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import Http404

from contacts import consent, ties, timeline
from contacts.attributes import showing
from contacts.attributes.defining import definitions
from contacts.cleaning import IDENTIFIERS
from contacts.consent import ADDRESSES
from contacts.lanes import READERS, nudge
from contacts.models import ConsentState, Contact, Merge, Suppression
from contacts.models.consent import Channel
from contacts.profiles import LABELS, TEXTS
from contacts.saving import UNIDENTIFIED, retried
from contacts.timeline import NewEvent

KEPT, GONE = "kept", "gone"
SAME = "A contact cannot be merged with themselves."
MERGED, UPDATED = "contact.merged", "contact.updated"


@dataclass(frozen=True)
class Line:
    """One field of two contacts: what each says, and whose is `chosen`."""

    key: str
    label: str
    kept: Any
    gone: Any
    chosen: str

    @property
    def differs(self) -> bool:
        """Whether there is something to choose."""
        return self.kept not in (None, "") and self.gone not in (None, "") and self.kept != self.gone

    @property
    def told(self) -> list[tuple[str, str]]:
        """Whose value it would be, and the value as people read it; "" where there is none."""
        return [(whose, "" if value in (None, "") else showing.text(value)) for whose, value in self._both]

    @property
    def _both(self) -> list[tuple[str, Any]]:
        return [(KEPT, self.kept), (GONE, self.gone)]

    @property
    def result(self) -> Any:
        return self.gone if self.chosen == GONE else self.kept


def lines(kept: Contact, gone: Contact, choices: Mapping[str, str] | None = None) -> list[Line]:
    """Every field that one of them has. Where nothing is chosen, it is what the one who is kept says, and what only the
    other one knows."""
    fields = {name: (getattr(kept, name), getattr(gone, name)) for name in TEXTS}
    for key in sorted({**kept.attributes, **gone.attributes}):
        fields[f"attributes.{key}"] = (kept.attributes.get(key), gone.attributes.get(key))
    labels = LABELS | {f"attributes.{each.name}": each.label for each in definitions()}
    found = []
    for key, (ours, theirs) in fields.items():
        usual = GONE if ours in (None, "") and theirs not in (None, "") else KEPT
        chosen = (choices or {}).get(key, usual)
        if ours not in (None, "") or theirs not in (None, ""):
            label = labels.get(key, key.removeprefix("attributes."))
            found.append(Line(key, label, ours, theirs, chosen if chosen in (KEPT, GONE) else usual))
    return found


def weight(contact: Contact) -> dict[str, Any]:
    """What helps to see which of two to keep: how much hangs on each."""
    return {
        "tags": [mark.tag.name for mark in contact.contact_tags.select_related("tag")[:20]],
        "consents": list(contact.consents.exclude(state=ConsentState.UNKNOWN)),
        "suppressed": [
            Channel(channel).label
            for channel in ADDRESSES
            if consent.refusals(channel, [contact.pk]).get(contact.pk) == consent.SUPPRESSED
        ],
        "events": contact.events.count(),
    }


def merge(
    kept_id: int, gone_id: int, choices: Mapping[str, str], now: datetime, source: str = "", by: Any = None
) -> Contact:
    """`choices` says for fields ("email", "attributes.city"…) whether the value of the one who is `kept` or `gone` is
    taken. Tags are those of both, of consent the stricter answer holds, and whoever complained stays suppressed.

    Raises ValidationError, and Contact.DoesNotExist where one of them is gone already."""
    if kept_id == gone_id:
        raise ValidationError({"with": [SAME]})
    wrong = sorted(set(choices.values()) - {KEPT, GONE})
    if wrong:
        raise ValidationError({"choices": ["Each choice is “kept” or “gone”."]})

    def attempt() -> Contact:
        ties.hold([kept_id, gone_id])
        there = Contact.objects.select_for_update().filter(pk__in=[kept_id, gone_id]).order_by("pk")
        rows = {row.pk: row for row in there}
        if len(rows) < 2:
            raise Contact.DoesNotExist
        _merge(rows[kept_id], rows[gone_id], choices, now, source, by)
        return rows[kept_id]

    return retried(attempt)


def _merge(kept: Contact, gone: Contact, choices: Mapping[str, str], now: datetime, source: str, by: Any) -> None:
    chosen = lines(kept, gone, choices)
    before = {KEPT: _shape(kept), GONE: _shape(gone)}
    changed = [line.key for line in chosen if line.result != line.kept]
    # JSON takes true and 1 for different things, and Python does not.
    results = {line.key: line.result for line in chosen}
    for name in TEXTS:
        if name in results:
            setattr(kept, name, results[name])
    kept.attributes = {
        key.removeprefix("attributes."): value
        for key, value in results.items()
        if key.startswith("attributes.") and value is not None
    }
    if not any(getattr(kept, name) for name in IDENTIFIERS):
        raise ValidationError({"choices": [UNIDENTIFIED]})
    kept.created_at, kept.updated_at = min(kept.created_at, gone.created_at), now
    ties.join(kept.pk, gone.pk, now)
    with connection.cursor() as cursor:
        # Not by the ORM, which would take along what others have just written about them; see `lingering`.
        cursor.execute("DELETE FROM contacts_contact WHERE id = %s", [gone.pk])
    kept.save()
    _still_suppressed(kept, before, now)
    Merge.objects.create(
        gone_id=gone.pk,
        kept=kept,
        at=now,
        by=by,
        source=source[:200],
        choices={line.key: line.chosen for line in chosen},
        before=before,
    )
    origin = {"source": source} if source else {}
    events = [NewEvent(kept.pk, MERGED, {"gone": gone.pk, **origin})]
    if changed:
        events.append(NewEvent(kept.pk, UPDATED, {"changed": sorted(changed), **origin}))
    timeline.record(events, now)
    nudge(*READERS)


def _still_suppressed(kept: Contact, before: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
    """Who complained at an address that is given up wants no mail at the other one either. That an address bounced says
    nothing of the other."""
    given_up = {
        (channel, both[name])
        for channel, name in ADDRESSES.items()
        for both in before.values()
        if both[name] and getattr(kept, name) and both[name] != getattr(kept, name)
    }
    if not given_up:
        return
    asked = Q()
    for channel, address in given_up:
        asked |= Q(channel=channel, address__iexact=address)
    found = Suppression.objects.filter(asked).exclude(reason__icontains="bounce").values_list("channel", "reason")
    for channel, reason in found:
        consent.suppress(channel, [getattr(kept, ADDRESSES[channel])], reason, now)


def again(row: Merge, now: datetime) -> None:
    """Give the one who is kept what somebody wrote for the other who had begun before; the caller has a transaction."""
    ties.hold([row.gone_id, row.kept_id])
    if _anybody().select_for_update().filter(pk=row.kept_id).exists():
        ties.join(row.kept_id, row.gone_id, now)


def successor(contact_id: int) -> int | None:
    """Who has everything of a contact who was merged into them."""
    found = Merge.objects.filter(gone_id=contact_id, kept__erased_at__isnull=True)
    return found.values_list("kept_id", flat=True).first()


def successor_or_404(contact_id: int) -> int:
    found = successor(contact_id)
    if found is None:
        raise Http404
    return found


def _anybody() -> QuerySet[Contact]:
    return Contact.with_erased.all()


def _shape(contact: Contact) -> dict[str, Any]:
    """What a merge is explained by later."""
    return {
        **{name: getattr(contact, name) for name in TEXTS},
        "attributes": contact.attributes,
        "tags": sorted(mark.tag.name for mark in contact.contact_tags.select_related("tag")),
        "consent": {said.channel: said.state for said in contact.consents.all()},
        "created_at": contact.created_at.isoformat(),
    }
