"""Tells editors what an SMS becomes on its way: short links as long as real ones, and the prices of its parts."""

from collections.abc import Mapping
from decimal import Decimal

from django.conf import settings

from campaigns.channels import links
from campaigns.models import Price
from campaigns.tracking import signatures
from contacts.models.consent import Channel
from templates_app.carrying import Shortened

# The number of a message to come: links are as long as its own, but nobody's, so that what editors see opens nothing.
LATER = 1 << 31


class Carriage:
    """A `templates_app.carrying.Carrier`."""

    @property
    def currency(self) -> str:
        return settings.CURRENCY

    def shortened(self, source: str) -> Shortened:
        marked, found = links.mark_text(source)
        for place in range(len(found)):
            address = f"{settings.PUBLIC_URL}/s/{'x' * len(signatures.short_token(LATER, place))}"
            marked = marked.replace(f"{links.CLICK}{place}{links.MARK}.", address, 1)
        token = "x" * len(signatures.token(LATER))
        places = {"unsubscribe_url": "u", "preferences_url": "p"}
        return Shortened(
            marked, tuple(found), {name: f"{settings.PUBLIC_URL}/{place}/{token}" for name, place in places.items()}
        )

    def prices(self) -> Mapping[str, Decimal]:
        return dict(Price.objects.filter(channel=Channel.SMS).values_list("country", "amount"))
