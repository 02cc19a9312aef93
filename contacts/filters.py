"""What lists of contacts can be narrowed down by."""

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Lower
from django_filters import rest_framework as filters

from contacts.models import Consent, ConsentState, Contact, ContactTag
from contacts.search import search


def tagged(contacts: QuerySet[Contact], name: str) -> QuerySet[Contact]:
    marks = ContactTag.objects.alias(lowered=Lower("tag__name")).filter(contact=OuterRef("pk"), lowered=name.lower())
    return contacts.filter(Exists(marks))


def consenting(contacts: QuerySet[Contact], channel: str, state: str) -> QuerySet[Contact]:
    """Contacts who said that about a channel; those of whom nothing is known are unknown."""
    said = Consent.objects.filter(contact=OuterRef("pk"), channel=channel)
    if state == ConsentState.UNKNOWN:
        return contacts.filter(~Exists(said.exclude(state=state)))
    return contacts.filter(Exists(said.filter(state=state)))


class ContactFilter(filters.FilterSet):
    """`search` finds the beginnings of words in emails, names, phones and external ids."""

    email = filters.CharFilter(method="by_email")
    phone = filters.CharFilter()
    external_id = filters.CharFilter()
    tag = filters.CharFilter(method="by_tag")
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

    def by_words(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return search(contacts, value)
