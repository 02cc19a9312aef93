"""What the ledger can be filtered by, in the pages and in the API."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from campaigns import skip_reasons
from campaigns.models import Message, MessageState, Origin
from contacts.models import Contact
from contacts.models.consent import Channel


class MessageFilter(django_filters.FilterSet):
    """`scenario` (id), `node` (its id, or the key of a chain’s step), `campaign` (id), `contact` (id), `status`,
    `channel` and `reason` (why it was skipped)."""

    scenario = django_filters.NumberFilter(method="of_scenario", min_value=0)
    node = django_filters.CharFilter(method="of_node")
    campaign = django_filters.NumberFilter(method="of_campaign", min_value=0)
    contact = django_filters.NumberFilter(field_name="contact_id", min_value=0, max_value=2**63 - 1)
    status = django_filters.ChoiceFilter(field_name="state", choices=MessageState.choices)
    channel = django_filters.ChoiceFilter(choices=Channel.choices)

    reason = django_filters.ChoiceFilter(method="of_reason", choices=[(reason, reason) for reason in skip_reasons.ALL])

    class Meta:
        model = Message
        fields: list[str] = []

    def of_reason(self, rows: QuerySet[Message], name: str, value: str) -> QuerySet[Message]:
        """Why it was skipped."""
        return rows.filter(state=MessageState.SKIPPED, reason=value)

    def of_scenario(self, rows: QuerySet[Message], name: str, value: Any) -> QuerySet[Message]:
        return _under(rows, Q(key__startswith=f"scenario:{int(value)}:"))

    def of_node(self, rows: QuerySet[Message], name: str, value: str) -> QuerySet[Message]:
        kinds = Q(key__startswith="scenario:") | Q(key__startswith="campaign:")
        return _under(rows, kinds & Q(key__endswith=f":{value}"))

    def of_campaign(self, rows: QuerySet[Message], name: str, value: Any) -> QuerySet[Message]:
        return _under(rows, Q(key=f"campaign:{int(value)}") | Q(key__startswith=f"campaign:{int(value)}:"))


class MessagePageFilter(MessageFilter):
    """Besides: `q`, a recipient's exact address; `state` and `origin`, as the page's links say it."""

    q = django_filters.CharFilter(method="of_recipient")
    state = django_filters.ChoiceFilter(choices=MessageState.choices)
    origin = django_filters.CharFilter(method="of_origin")

    def of_recipient(self, rows: QuerySet[Message], name: str, value: str) -> QuerySet[Message]:
        address = value.strip()
        people = Contact.objects.alias(lowered=Lower("email")).filter(
            Q(lowered=address.lower()) | Q(phone=address.replace(" ", "")) | Q(external_id=address)
        )
        return rows.filter(contact__in=people.values("pk"))

    def of_origin(self, rows: QuerySet[Message], name: str, value: str) -> QuerySet[Message]:
        return _under(rows, Q(key=value) | Q(key__startswith=f"{value}:"))


def _under(rows: QuerySet[Message], keys: Q) -> QuerySet[Message]:
    return rows.filter(origin__in=Origin.objects.filter(keys).values("pk"))
