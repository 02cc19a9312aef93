"""What is sent, through whom, and what became of it."""

from campaigns.models.audience_file import AudienceFile
from campaigns.models.budget import Budget, EntryKind, LedgerEntry, Reservation
from campaigns.models.campaign import Campaign, CampaignState, ChainStep, Kind, Listed
from campaigns.models.content import Content, Link
from campaigns.models.conversion import Conversion, Revenue
from campaigns.models.courtesy import Courtesy, RecentMessage
from campaigns.models.day_count import DayCount, HomeDay, MonthCount, OriginDay
from campaigns.models.dkim_key import DkimKey
from campaigns.models.domain_count import DomainCount
from campaigns.models.double_opt_in import DoubleOptIn
from campaigns.models.hit import Hit
from campaigns.models.inbox import InboxMessage
from campaigns.models.lease import Lease
from campaigns.models.link_count import LinkClick, LinkCount
from campaigns.models.message import Message, MessageState
from campaigns.models.notice import Notice, What
from campaigns.models.objective import Objective, ObjectiveKind, Touch
from campaigns.models.origin import Origin, OriginCount
from campaigns.models.price import Price
from campaigns.models.priority import Priority
from campaigns.models.provider import Allowance, Breaker, BreakerState, BreakerTurn, Provider, TopicRoute
from campaigns.models.saved_report import SavedReport

__all__ = [
    "Allowance",
    "AudienceFile",
    "Breaker",
    "BreakerState",
    "BreakerTurn",
    "Budget",
    "Campaign",
    "CampaignState",
    "ChainStep",
    "Content",
    "Conversion",
    "Courtesy",
    "DayCount",
    "DkimKey",
    "DomainCount",
    "DoubleOptIn",
    "EntryKind",
    "Hit",
    "HomeDay",
    "InboxMessage",
    "Kind",
    "Lease",
    "LedgerEntry",
    "Link",
    "LinkClick",
    "LinkCount",
    "Listed",
    "Message",
    "MessageState",
    "MonthCount",
    "Notice",
    "Objective",
    "ObjectiveKind",
    "Origin",
    "OriginCount",
    "OriginDay",
    "Price",
    "Priority",
    "Provider",
    "RecentMessage",
    "Reservation",
    "Revenue",
    "SavedReport",
    "TopicRoute",
    "Touch",
    "What",
]
