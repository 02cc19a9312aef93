"""What is sent, through whom, and what became of it."""

from campaigns.models.campaign import Campaign, CampaignState, ChainStep, Listed
from campaigns.models.content import Content, Link
from campaigns.models.conversion import Conversion, Revenue
from campaigns.models.day_count import DayCount
from campaigns.models.inbox import InboxMessage
from campaigns.models.message import Message, MessageState
from campaigns.models.objective import Objective, ObjectiveKind, Touch
from campaigns.models.origin import Origin, OriginCount
from campaigns.models.price import Price
from campaigns.models.provider import Allowance, Provider

__all__ = [
    "Allowance",
    "Campaign",
    "CampaignState",
    "ChainStep",
    "Content",
    "Conversion",
    "DayCount",
    "InboxMessage",
    "Link",
    "Listed",
    "Message",
    "MessageState",
    "Objective",
    "ObjectiveKind",
    "Origin",
    "OriginCount",
    "Price",
    "Provider",
    "Revenue",
    "Touch",
]
