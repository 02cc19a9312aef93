"""People, what is known of them and what happened to them."""

from contacts.models.attribute import Attribute, AttributeSweep
from contacts.models.consent import Consent, ConsentState, Suppression
from contacts.models.contact import Contact
from contacts.models.csv_import import CsvChunk, CsvImport, CsvRefusal
from contacts.models.event import Event, EventCursor
from contacts.models.installation import Installation
from contacts.models.membership import Membership, SegmentRefresh
from contacts.models.placement import Placement
from contacts.models.segment import Segment, SegmentDay
from contacts.models.tag import ContactTag, Tag
from contacts.models.topic import PastConsent, Topic, TopicConsent

__all__ = [
    "Attribute",
    "AttributeSweep",
    "Consent",
    "ConsentState",
    "Contact",
    "ContactTag",
    "CsvChunk",
    "CsvImport",
    "CsvRefusal",
    "Event",
    "EventCursor",
    "Installation",
    "Membership",
    "PastConsent",
    "Placement",
    "Segment",
    "SegmentDay",
    "SegmentRefresh",
    "Suppression",
    "Tag",
    "Topic",
    "TopicConsent",
]
