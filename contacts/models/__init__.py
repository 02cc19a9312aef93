"""People, what is known of them and what happened to them."""

from contacts.models.attribute import Attribute, AttributeSweep
from contacts.models.bulk_edit import BulkEdit, BulkEditPart
from contacts.models.consent import Consent, ConsentState, Lifting, Suppression
from contacts.models.contact import Contact
from contacts.models.csv_import import CsvAhead, CsvChunk, CsvImport, CsvRefusal
from contacts.models.event import Event, EventCursor
from contacts.models.installation import Installation
from contacts.models.membership import Membership, SegmentRefresh
from contacts.models.merge import ErasedAddress, Erasure, Merge, Pair, PairSearch
from contacts.models.placement import Placement
from contacts.models.saved_view import SavedView
from contacts.models.segment import Segment, SegmentDay
from contacts.models.tag import ContactTag, Tag
from contacts.models.topic import PastConsent, Topic, TopicConsent

__all__ = [
    "Attribute",
    "AttributeSweep",
    "BulkEdit",
    "BulkEditPart",
    "Consent",
    "ConsentState",
    "Contact",
    "ContactTag",
    "CsvAhead",
    "CsvChunk",
    "CsvImport",
    "CsvRefusal",
    "ErasedAddress",
    "Erasure",
    "Event",
    "EventCursor",
    "Installation",
    "Lifting",
    "Membership",
    "Merge",
    "Pair",
    "PairSearch",
    "PastConsent",
    "Placement",
    "SavedView",
    "Segment",
    "SegmentDay",
    "SegmentRefresh",
    "Suppression",
    "Tag",
    "Topic",
    "TopicConsent",
]
