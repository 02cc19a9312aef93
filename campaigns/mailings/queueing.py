"""Queues the audiences of campaigns slice by slice, and finishes what is through.

A slice is one transaction: its messages and how far the audience has been queued commit together, and the campaign's
row is locked meanwhile, so that no two workers queue the same contacts and a crash loses nothing.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.fields import BigIntegerField

from campaigns import outbox
from campaigns.delivery import withdrawing
from campaigns.mailings import audience, timing
from campaigns.mailings.moves import SENDING, WrongState, move
from campaigns.models import Campaign, CampaignState, Content, Message, MessageState, Origin
from campaigns.models.campaign import Kind
from campaigns.skip_reasons import CAMPAIGN_CANCELLED
from contacts.models import Contact
from contacts.segments.where import InvalidRule

logger = logging.getLogger(__name__)

BATCH = 5_000
# How a contact's lot is drawn: always the same one for the same campaign, on any server.
_LOT = """('x' || left(md5(%s || ':' || "contacts_contact"."id"), 8))::bit(32)::bigint"""


def origins_of(campaign: Campaign) -> dict[str, str]:
    """The keys of the origins of its messages, by the keys of its variants."""
    return {variant["key"]: f"{campaign.origin}:{variant['key']}" for variant in campaign.variants}


def queue(now: datetime) -> bool:
    """Queue one slice of one campaign's audience. Returns whether there may be more."""
    return _measure(now) or _slice(now)


def _sending(*phases: str) -> QuerySet[Campaign]:
    """In any order, so that one that cannot be queued does not keep the others from it."""
    return Campaign.objects.filter(state=SENDING, kind=Kind.MAILING, phase__in=phases).order_by("?")


def _measure(now: datetime) -> bool:
    """Count the audience of a campaign that has just begun, and draw who takes part in its test. Nothing is locked
    meanwhile: of two workers that do so, the first one is right."""
    campaign = _sending("").first()
    if campaign is None:
        return False
    try:
        who = audience.members(campaign, now)
        total, below = who.count(), None
        if is_tested(campaign) and total:
            below = _lots(campaign, who).order_by("lot").values_list("lot", flat=True)[_tested(campaign, total) - 1]
    except InvalidRule as error:
        _give_up(campaign, error)
        return True
    Campaign.objects.filter(pk=campaign.pk, state=SENDING, phase="").update(
        phase="rest" if below is None else "test",
        audience_count=total,
        test_below=below,
        phase_at=now,
        phase_count=0,
        queued_up_to=0,
    )
    return True


def is_tested(campaign: Campaign) -> bool:
    return len(campaign.variants) > 1


def _tested(campaign: Campaign, total: int) -> int:
    """How many take part in the test: the share, and no fewer than there are variants."""
    share = -(-total * int(campaign.test["share_percent"]) // 100)
    return min(max(share, len(campaign.variants)), total)


def _lots(campaign: Campaign, who: QuerySet[Contact]) -> QuerySet[Contact]:
    return who.annotate(lot=RawSQL(_LOT, [str(campaign.pk)], BigIntegerField()))  # noqa: S611 - our own text


def _give_up(campaign: Campaign, error: InvalidRule) -> None:
    """Its audience cannot be told, as when a rule's segment is gone."""
    try:
        with transaction.atomic():
            move(campaign, "suspend", CampaignState.PAUSED_ERROR, state_reason=f"Its audience cannot be told. {error}")
            outbox.hold(campaign.origin)
    except WrongState:
        pass


def _slice(now: datetime) -> bool:
    with transaction.atomic():
        campaign = _sending("test", "rest").select_for_update(skip_locked=True, no_key=True, of=("self",)).first()
        if campaign is None:
            return False
        try:
            contacts = _next(campaign, now)
        except InvalidRule as error:
            _give_up(campaign, error)
            return True
        campaign.queued_up_to = contacts[-1][0] if contacts else campaign.queued_up_to
        ended = len(contacts) < BATCH
        contacts = _untested(campaign, contacts)
        ids = [pk for pk, _lot in contacts]
        dues = timing.dues(campaign, ids, now)
        contents = Content.objects.in_bulk(campaign.contents.values())
        for key, places in _dealt(campaign, contacts):
            chosen = [ids[place] for place in places]
            origin, content = f"{campaign.origin}:{key}", contents[campaign.contents[key]]
            zeros, nones = [0] * len(chosen), [None] * len(chosen)
            due = [dues[place] for place in places]
            outbox.enqueue(origin, content, chosen, chosen, zeros, nones, now, due)
        campaign.phase_count += len(ids)
        if ended:
            _end_phase(campaign, now)
        campaign.save(update_fields=["queued_up_to", "phase_count", "phase", "decides_at"])
    return True


def _next(campaign: Campaign, now: datetime) -> list[tuple[int, int]]:
    """The next contacts of the audience, or of those who take part in the test, with their lots."""
    who = _lots(campaign, audience.members(campaign, now)).filter(pk__gt=campaign.queued_up_to)
    if campaign.phase == "test":
        who = who.filter(lot__lte=campaign.test_below)
    return list(who.order_by("pk").values_list("pk", "lot")[:BATCH])


def _untested(campaign: Campaign, contacts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those who did not take part in the test. Whoever has come into the audience since then gets the winner, whatever
    their lot. Asked for by the contacts at hand, for a join with a ledger of millions may be planned in bad ways."""
    if campaign.phase == "test" or campaign.test_below is None:
        return contacts
    messages = Message.objects.filter(
        origin_pass__in=[pk for pk, _lot in contacts], origin_id__in=_origin_ids(campaign), visit=0
    )
    tested = set(messages.values_list("origin_pass", flat=True))
    return [each for each in contacts if each[0] not in tested]


def _origin_ids(campaign: Campaign) -> list[int]:
    return list(Origin.objects.filter(key__in=origins_of(campaign).values()).values_list("pk", flat=True))


def _dealt(campaign: Campaign, contacts: Sequence[tuple[int, int]]) -> Iterator[tuple[str, list[int]]]:
    """Which variant goes to which places of the slice: in turn in a test, by the order of lots."""
    keys = [variant["key"] for variant in campaign.variants]
    if campaign.phase != "test":
        yield campaign.winner or keys[0], list(range(len(contacts)))
        return
    by_lot = sorted(range(len(contacts)), key=lambda place: contacts[place][1])
    for turn, key in enumerate(keys):
        first = (turn - campaign.phase_count) % len(keys)
        yield key, sorted(by_lot[first :: len(keys)])


def _end_phase(campaign: Campaign, now: datetime) -> None:
    if campaign.phase != "test":
        campaign.phase = "queued"
        return
    still = Message.objects.filter(origin_id__in=_origin_ids(campaign), state=MessageState.QUEUED, attempts=0)
    last = still.aggregate(last=Max("due_at"))["last"] or now
    campaign.phase, campaign.decides_at = "waiting", max(last, now) + waiting_time(campaign)


def waiting_time(campaign: Campaign) -> timedelta:
    return timedelta(hours=float(campaign.test["wait_hours"]))


def finish(now: datetime) -> bool:
    """Finish the campaigns of which nothing is queued or in hand any more."""
    for campaign in _sending("queued"):
        if not _outstanding(campaign):
            Campaign.objects.filter(pk=campaign.pk, state=SENDING, phase="queued").update(
                state=CampaignState.SENT, finished_at=now, state_reason=""
            )
    return False


def _outstanding(campaign: Campaign) -> bool:
    messages = Message.objects.filter(origin_id__in=_origin_ids(campaign))
    return any(messages.filter(state=state).exists() for state in (MessageState.QUEUED, MessageState.SENDING))


def withdraw(now: datetime) -> bool:
    """Take one slice of what is queued of a cancelled campaign back; when nothing is left, nor in hand so that it might
    come back, that is over. Returns whether there may be more."""
    cancelled = Campaign.objects.filter(state=CampaignState.CANCELLED, kind=Kind.MAILING, finished_at=None)
    more = False
    for campaign in cancelled.order_by("pk"):
        with transaction.atomic():
            if withdrawing.skip(campaign.origin, CAMPAIGN_CANCELLED, now, limit=BATCH):
                more = True
            elif not _outstanding(campaign):
                Campaign.objects.filter(pk=campaign.pk, finished_at=None).update(finished_at=now)
                outbox.release(campaign.origin)
    return more
