"""What lists of contacts can be narrowed down by."""

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone
from django_filters import rest_framework as filters

from contacts import segments
from contacts.models import Consent, ConsentState, Contact, ContactTag, Segment, Tag
from contacts.models.consent import Channel
from contacts.search import search

# What a contact may have said about a channel, as in "email:subscribed".
ANSWERS = [
    (f"{channel.value}:{state.value}", f"{channel.label}: {state.label.lower()}")
    for channel in Channel
    for state in ConsentState
]


def tagged(contacts: QuerySet[Contact], name: str) -> QuerySet[Contact]:
    """Contacts who carry a tag. It is looked up first, because the planner knows how common each tag's id is."""
    tag = Tag.objects.alias(lowered=Lower("name")).filter(lowered=name.lower()).first()
    return contacts.filter(Exists(ContactTag.objects.filter(contact=OuterRef("pk"), tag_id=tag and tag.pk)))


def consenting(contacts: QuerySet[Contact], channel: str, state: str) -> QuerySet[Contact]:
    """Contacts who said that about a channel; those of whom nothing is known are unknown."""
    said = Consent.objects.filter(contact=OuterRef("pk"), channel=channel)
    if state == ConsentState.UNKNOWN:
        return contacts.filter(~Exists(said.exclude(state=state)))
    return contacts.filter(Exists(said.filter(state=state)))


class ContactFilter(filters.FilterSet):
    """`search` finds pieces of emails, names, phones and external ids."""

    email = filters.CharFilter(method="by_email")
    phone = filters.CharFilter()
    external_id = filters.CharFilter()
    tag = filters.CharFilter(method="by_tag")
    consent = filters.ChoiceFilter(method="by_consent", choices=ANSWERS)
    segment = filters.ModelChoiceFilter(method="by_segment", queryset=Segment.objects.all())
    search = filters.CharFilter(method="by_words")
    created_after = filters.IsoDateTimeFilter("created_at", "gte")
    created_before = filters.IsoDateTimeFilter("created_at", "lt")

    class Meta:
        model = Contact
        fields: list[str] = []

    def by_email(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return contacts.alias(lowered=Lower("email")).filter(lowered=value.lower())

    def by_tag(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return tagged(contacts, value)

    def by_consent(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return consenting(contacts, *value.split(":"))

    def by_segment(self, contacts: QuerySet[Contact], name: str, value: Segment) -> QuerySet[Contact]:
        return contacts & segments.audience(value.rule, timezone.now())

    def by_words(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return search(contacts, value)
