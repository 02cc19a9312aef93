"""The form in which a price is set."""

from typing import Any

from django import forms

from campaigns.models import Price
from contacts import countries
from contacts.models.consent import Channel


class PriceForm(forms.ModelForm):
    """The price of a channel's message to a country; one that is there is replaced."""

    country = forms.ChoiceField(required=False, label="Country")

    class Meta:
        model = Price
        fields = ["channel", "country", "amount"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = Channel.choices  # type: ignore[attr-defined]
        self.fields["country"].choices = [("", "All other countries"), *countries.names().items()]  # type: ignore[attr-defined]
        self.fields["amount"].widget.attrs |= {"step": "any", "placeholder": "0.0075"}
        self.fields["amount"].label = "Price"

    def _get_validation_exclusions(self) -> set[str]:
        return {*super()._get_validation_exclusions(), "country"}  # so that the pair may be there: it is replaced
