"""What is sent, through whom, and what became of it."""

from campaigns.models.content import Content, Link
from campaigns.models.day_count import DayCount
from campaigns.models.inbox import InboxMessage
from campaigns.models.message import Message, MessageState
from campaigns.models.origin import Origin, OriginCount
from campaigns.models.provider import Provider

__all__ = [
    "Content",
    "DayCount",
    "InboxMessage",
    "Link",
    "Message",
    "MessageState",
    "Origin",
    "OriginCount",
    "Provider",
]
