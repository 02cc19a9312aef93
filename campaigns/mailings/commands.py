"""Sends, schedules, pauses, resumes and cancels one-time campaigns: each only turns the state, workers do the rest."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from campaigns import outbox, suspending
from campaigns.contents import Unpublished, content_of
from campaigns.mailings import checks, timing
from campaigns.mailings.copies import clone as clone
from campaigns.mailings.copies import resend_to_unopened as resend_to_unopened
from campaigns.mailings.moves import (
    CANCELLED,
    COMMANDS,
    DRAFT,
    SCHEDULED,
    SENDING,
    NotReady,
    WrongState,
    move,
    refusal,
    take,
)
from campaigns.mailings.queueing import origins_of
from campaigns.models import Campaign, CampaignState, Content
from campaigns.models.campaign import Kind
from contacts.lanes import nudge

NOW = {"when": "now"}


@transaction.atomic
def send(campaign: Campaign, now: datetime) -> None:
    """Begin now, whatever time its schedule names (a spread over hours stays). Raises NotReady or WrongState."""
    locked = take(campaign, "send")
    spread = {key: hours for key, hours in locked.schedule.items() if key == "spread_hours" and hours}
    locked.schedule = NOW | spread
    begin(locked, now)
    campaign.refresh_from_db()


def begin(locked: Campaign, now: datetime) -> None:
    """Begin a campaign whose row is locked: from here on its words are those that stand there now."""
    if found := checks.problems(locked, now, begins=True):
        raise NotReady(found)
    contents = {}
    for variant in locked.variants:
        try:
            contents[variant["key"]] = content_of_variant(locked, variant, now).pk
        except Unpublished as error:
            raise NotReady([checks.Problem(f"variants.{variant['key']}.template", str(error))]) from error
    outbox.prepare(list(origins_of(locked).values()), locked.priority)
    move(
        locked,
        "send",
        SENDING,
        schedule=locked.schedule,
        contents=contents,
        phase="",
        starts_at=None,
        started_at=now,
    )
    nudge("advance")


def content_of_variant(campaign: Campaign, variant: dict[str, Any], now: datetime) -> Content:
    """The exact words of a variant as they are now. Raises Unpublished."""
    config = {
        **variant,
        "topic": campaign.topic,
        "utm": campaign.utm,
        "provider": campaign.provider_id,
        "late_hours": campaign.late_hours,
    }
    return content_of(campaign.channel, config, now)


@transaction.atomic
def schedule(campaign: Campaign, now: datetime) -> None:
    """Let it begin by itself at the time of its schedule. Raises NotReady or WrongState.

    With each contact's own zone it begins when the first clocks on Earth show that time."""
    locked = take(campaign, "schedule")
    found = checks.problems(locked, now)
    if not timing.is_timed(locked) and not any(problem.field == "schedule" for problem in found):
        found.append(checks.Problem("schedule", "Name the date and time at which it is to be sent."))
    if found:
        raise NotReady(found)
    move(locked, "schedule", SCHEDULED, starts_at=max(timing.first_moment(locked), now))
    campaign.refresh_from_db()
    nudge("advance")


@transaction.atomic
def unschedule(campaign: Campaign, now: datetime) -> None:
    """A draft again. Raises WrongState."""
    move(campaign, "unschedule", DRAFT, starts_at=None)


def begin_scheduled(now: datetime) -> bool:
    """Begin one campaign whose moment has come; where something keeps it from beginning, it is a draft again and says
    why. Returns whether there may be more."""
    with transaction.atomic():
        due = Campaign.objects.filter(state=SCHEDULED, kind=Kind.MAILING, starts_at__lte=now)
        # In any order: one that breaks must not keep the others from beginning.
        locked = due.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("?").first()
        if locked is None:
            return False
        try:
            begin(locked, now)
        except NotReady as error:
            moment = (locked.starts_at or now).astimezone(UTC)
            reason = f"It could not be sent on {moment.day} {moment:%B %Y at %H:%M} UTC. {error}"
            move(locked, "unschedule", DRAFT, starts_at=None, state_reason=reason)
    return True


@transaction.atomic
def pause(campaign: Campaign, now: datetime) -> None:
    """Nothing is queued, nothing more is handed over. Waits for the slice that is being queued at this moment. Raises
    WrongState."""
    move(campaign, "pause", CampaignState.PAUSED)
    outbox.hold(campaign.origin)


def suspend(campaign_ids: Iterable[int], state: str, reason: str, now: datetime) -> list[int]:
    """Pause those of the campaigns that are sending because of `state` ("paused_error" or "paused_balance"), with a
    sentence for people to read; returns their ids. Each in a transaction of its own."""
    suspended = []
    for campaign in Campaign.objects.filter(pk__in=list(campaign_ids), kind=Kind.MAILING).order_by("pk"):
        try:
            with transaction.atomic():
                move(campaign, "suspend", state, state_reason=reason)
                outbox.hold(campaign.origin)
        except WrongState:
            continue
        suspended.append(campaign.pk)
    return suspended


@transaction.atomic
def resume(campaign: Campaign, now: datetime, *, itself: bool = False) -> None:
    """Go on where it stopped; what has become due in the pause is sent at once. Where it goes on by `itself` and nobody
    chose so, what that makes too late is not. Raises NotReady or WrongState."""
    if found := suspending.obstacles(suspending.sent_by(take(campaign, "resume")), now):
        raise NotReady([checks.Problem("provider", sentence) for sentence in found])
    move(campaign, "resume", SENDING)
    outbox.release(campaign.origin, late_from=None if itself else now)
    nudge("advance")


@transaction.atomic
def cancel(campaign: Campaign, now: datetime) -> None:
    """Nobody gets it any more who has not got it yet; what is queued is taken back in slices. Raises WrongState."""
    move(campaign, "cancel", CANCELLED, starts_at=None)
    outbox.hold(campaign.origin)
    nudge("advance")


def archive(campaign: Campaign, now: datetime) -> None:
    """Out of the lists; the second time it changes nothing. Raises WrongState."""
    within = COMMANDS["archive"].within
    Campaign.objects.filter(pk=campaign.pk, state__in=within, archived_at=None).update(archived_at=now)
    campaign.refresh_from_db()
    if campaign.archived_at is None:
        raise refusal(campaign, "archive")


def unarchive(campaign: Campaign, now: datetime | None = None) -> None:
    """Back into the lists."""
    Campaign.objects.filter(pk=campaign.pk).update(archived_at=None)
    campaign.refresh_from_db()


def follow(now: datetime) -> bool:
    """One slice: suspend the campaigns that need a provider that is left alone or a budget that is empty, and let them
    go on that may."""
    senders = suspending.Senders("campaign:", suspending.sending, suspending.failing, suspend, _go_on)
    return suspending.follow(senders, now)


def _go_on(pk: int, now: datetime) -> None:
    try:
        resume(Campaign.objects.get(pk=pk), now, itself=True)
    except (Campaign.DoesNotExist, NotReady, WrongState):
        return
