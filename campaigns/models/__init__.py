"""What is sent, through whom, and what became of it."""

from campaigns.models.campaign import Campaign, CampaignState, ChainStep, Listed
from campaigns.models.content import Content, Link
from campaigns.models.day_count import DayCount, HomeDay, MonthCount, OriginDay
from campaigns.models.domain_count import DomainCount
from campaigns.models.inbox import InboxMessage
from campaigns.models.link_count import LinkClick, LinkCount
from campaigns.models.message import Message, MessageState
from campaigns.models.origin import Origin, OriginCount
from campaigns.models.provider import Provider
from campaigns.models.saved_report import SavedReport

__all__ = [
    "Campaign",
    "CampaignState",
    "ChainStep",
    "Content",
    "DayCount",
    "DomainCount",
    "HomeDay",
    "InboxMessage",
    "Link",
    "LinkClick",
    "LinkCount",
    "Listed",
    "Message",
    "MessageState",
    "MonthCount",
    "Origin",
    "OriginCount",
    "OriginDay",
    "Provider",
    "SavedReport",
]
