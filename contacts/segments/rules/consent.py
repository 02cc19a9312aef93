"""What a contact said about being written to on a channel."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django import forms

from contacts.models.consent import Channel, ConsentState
from contacts.segments import actual
from contacts.segments.rules.base import Config, RuleForm, RuleKind, unknown_keys
from contacts.segments.where import Scope, Where


class ConsentForm(RuleForm):
    channel = forms.ChoiceField(label="Channel", choices=Channel.choices)
    is_ = forms.ChoiceField(label="Consent", choices=ConsentState.choices)

    def __init__(self, config: Config, scope: Scope) -> None:
        super().__init__(config, scope)
        self.fields["is"] = self.fields.pop("is_")  # `is` cannot be an attribute's name in Python


class Consent(RuleKind):
    label = "Consent"
    icon = "mail-check"
    order = 30
    Form = ConsentForm

    def problems(self, config: Config, scope: Scope) -> list[str]:
        found = list(unknown_keys(config, "channel", "is"))
        if config.get("channel") not in Channel.values:
            found.append(f"Choose a channel: {', '.join(Channel.values)}.")
        if config.get("is") not in ConsentState.values:
            found.append(f"Choose a consent: {', '.join(ConsentState.values)}.")
        return found

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        """No row means unknown."""
        states = [config["is"]]
        if config["is"] == ConsentState.UNKNOWN:
            states = [ConsentState.SUBSCRIBED.value, ConsentState.UNSUBSCRIBED.value]
        said = Where(
            'EXISTS (SELECT 1 FROM contacts_consent cs WHERE cs.contact_id = "contacts_contact"."id"'
            " AND cs.channel = %s AND cs.state = ANY(%s))",
            (config["channel"], states),
        )
        return ~said if config["is"] == ConsentState.UNKNOWN else said

    def held(self, config: Config, now: datetime, scope: Scope) -> Where:
        return Where(
            "(SELECT jsonb_build_object('state', cs.state, 'at', cs.at, 'source', cs.source) FROM contacts_consent cs"
            ' WHERE cs.contact_id = "contacts_contact"."id" AND cs.channel = %s)',
            (config["channel"],),
        )

    def told(self, config: Config, held: Any) -> str:
        if held is None:
            return "nothing was said about it"
        source = f", {held['source']}" if held["source"] else ""
        return f"{held['state']} since {actual.moment(held['at'])}{source}"

    def moved_by(self, config: Config) -> Collection[str]:
        return ["contact.updated", f"{config['channel']}.unsubscribed"]

    def drifts(self, config: Config) -> bool:
        return False

    def sentence(self, config: Config) -> str:
        channel = {"email": "email", "sms": "SMS"}.get(str(config.get("channel")), "…")
        if config.get("is") == ConsentState.UNKNOWN:
            return f"has said nothing about {channel}"
        word = "from" if config.get("is") == ConsentState.UNSUBSCRIBED else "to"
        return f"is {config.get('is') or '…'} {word} {channel}"


kind = Consent()
