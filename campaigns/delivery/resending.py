"""Puts a message back into the queue because an operator says so: Waypost itself never sends one twice."""

from datetime import datetime

from django.db import transaction

from campaigns.counting import count_by_day, of
from campaigns.models import Message, MessageState
from contacts.days import day_of
from contacts.lanes import nudge

AGAIN = (MessageState.UNKNOWN, MessageState.FAILED)


def may_send_again(message: Message) -> bool:
    return message.state in AGAIN


def send_again(message: Message, now: datetime) -> bool:
    """Queue an unknown or failed message once more. False if it is neither (any more).

    What was counted is taken back from the days on which it was.
    """
    with transaction.atomic():
        was = Message.objects.select_for_update().filter(pk=message.pk, state=message.state, state__in=AGAIN).first()
        if was is None:
            return False
        Message.objects.filter(pk=was.pk).update(
            state=MessageState.QUEUED,
            reason="",
            attempts=0,
            owner=None,
            leased_until=None,
            due_at=now,
            planned_at=None,
            provider_message_id=None,
            sent_at=None,
            failed_at=None,
            unknown_at=None,
        )
        if was.state == MessageState.UNKNOWN:
            taken_back = [("unknown", was.unknown_at)]
        else:
            taken_back = [("failed", was.failed_at)]
            if was.sent_at:  # The provider took it and lost it later.
                taken_back.append(("sent", was.sent_at))
        count_by_day((day_of(at or now), of(was), metric, -1) for metric, at in taken_back)
        nudge("send")
    return True
