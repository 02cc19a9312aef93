"""The builder's controls for a rule about messages."""

from typing import Any

from django import forms

from campaigns.origins import places
from contacts.models.consent import Channel
from contacts.segments.comparison_form import PickField
from contacts.segments.rules.base import Config
from contacts.segments.span_form import SpanForm
from contacts.segments.where import Scope

# What may be asked, and the words of a sentence when it happened and when it did not.
DID = {
    "sent": ("was sent", "was not sent"),
    "delivered": ("got", "did not get"),
    "opened": ("opened", "did not open"),
    "clicked": ("clicked", "did not click"),
    "bounced": ("bounced on", "did not bounce on"),
    "complained": ("complained about", "did not complain about"),
    "unsubscribed": ("unsubscribed through", "did not unsubscribe through"),
    "failed": ("failed to get", "did not fail to get"),
}
NEGATIVE = "not:"


def name_of(kind: str, number: Any) -> str:
    """What a scenario or campaign is called; "" where there is none of this number."""
    place = places([f"{kind}:{number}"])[f"{kind}:{number}"]
    named = place.scenario if kind == "scenario" else place.campaign
    return named.label if named and named.url and not named.label.endswith(", deleted") else ""


class MessageForm(SpanForm):
    did = forms.ChoiceField(
        label="Contact",
        choices=[
            *((key, words) for key, (words, _) in DID.items()),
            *((f"{NEGATIVE}{key}", words) for key, (_, words) in DID.items()),
        ],
    )
    node = forms.ChoiceField(label="Message of", required=False)
    scenario = PickField("scenarios", "any scenario", lambda number: name_of("scenario", number), label="Of scenario")
    campaign = PickField("campaigns", "any campaign", lambda number: name_of("campaign", number), label="Of campaign")
    channel = forms.ChoiceField(label="Channel", required=False, choices=[("", "any channel"), *Channel.choices])
    field_order = (
        "did", "scenario", "campaign", "node", "channel", "count__op", "count__n", "within__unit", "within__amount",
    )  # fmt: skip

    def __init__(self, config: Config, scope: Scope) -> None:
        super().__init__(config, scope)
        elsewhere = self.initial.get("scenario") or self.initial.get("campaign")
        if scope.nodes is not None and not elsewhere:
            self.fields["node"] = forms.ChoiceField(
                label="Message of", required=False, choices=[("", "any message"), *scope.nodes]
            )
            del self.fields["scenario"], self.fields["campaign"]
        elif elsewhere:
            of = "campaign" if self.initial.get("campaign") else "scenario"
            self.fields["node"] = forms.CharField(
                label="Of its step or shape (id)",
                required=False,
                widget=forms.TextInput(
                    attrs={"placeholder": "any message of it", "data-suggest": f"{of}-parts", "data-suggest-for": of}
                ),
            )
            del self.fields["campaign" if of == "scenario" else "scenario"]
        else:
            del self.fields["node"]
        self.order_fields(self.field_order)
