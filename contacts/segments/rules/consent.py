"""What a contact said about being written to on a channel, or about a topic there."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django import forms

from contacts import topics
from contacts.models.consent import Channel, ConsentState
from contacts.segments import actual
from contacts.segments.rules.base import Config, RuleForm, RuleKind, unknown_keys
from contacts.segments.where import Gathered, Scope, Where, fill
from contacts.topic_fields import TopicField


class ConsentForm(RuleForm):
    channel = forms.ChoiceField(label="Channel", choices=Channel.choices)
    topic = TopicField(empty="The whole channel")
    is_ = forms.ChoiceField(label="Consent", choices=ConsentState.choices)

    def __init__(self, config: Config, scope: Scope) -> None:
        super().__init__(config, scope)
        self.fields["is"] = self.fields.pop("is_")  # `is` cannot be an attribute's name in Python


class Consent(RuleKind):
    label = "Consent"
    icon = "mail-check"
    order = 30
    Form = ConsentForm
    keys = {
        "channel": "email or sms.",
        "is": "subscribed, unsubscribed, pending (asked to confirm) or unknown (nothing was said).",
        "topic": "The key of a topic; without it the channel as a whole is meant.",
    }
    example = {"rule": "consent", "channel": "email", "is": "subscribed"}

    def problems(self, config: Config, scope: Scope) -> list[str]:
        found = list(unknown_keys(config, *self.keys))
        if config.get("channel") not in Channel.values:
            found.append(f"Choose a channel: {', '.join(Channel.values)}.")
        if config.get("is") not in ConsentState.values:
            found.append(f"Choose a consent: {', '.join(ConsentState.values)}.")
        topic = config.get("topic")
        if topic is not None and not isinstance(topic, str):
            found.append("“topic” of a consent rule is the key of a topic.")
        elif topic and (unknown := topics.problem(topic)):
            found.append(unknown)
        return found

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        """No row means unknown."""
        said = fill('EXISTS (SELECT 1 {0} AND cs.contact_id = "contacts_contact"."id")', _said(config))
        return ~said if config["is"] == ConsentState.UNKNOWN else said

    def gathered(self, config: Config, now: datetime, scope: Scope) -> Gathered:
        said = fill("SELECT cs.contact_id AS id {0}", _said(config))
        return Gathered(said, others=config["is"] == ConsentState.UNKNOWN)

    def held(self, config: Config, now: datetime, scope: Scope) -> Where:
        said = "SELECT jsonb_build_object('state', cs.state, 'at', cs.at, 'source', cs.source) FROM"
        his = 'cs WHERE cs.contact_id = "contacts_contact"."id" AND cs.channel = %s'
        if config.get("topic"):
            of_topic = "cs.topic_id = (SELECT t.id FROM contacts_topic t WHERE t.key = %s)"
            return Where(
                f"({said} contacts_topicconsent {his} AND {of_topic})",
                (config["channel"], config["topic"]),
            )
        return Where(f"({said} contacts_consent {his})", (config["channel"],))

    def told(self, config: Config, held: Any) -> str:
        if held is None:
            return "nothing was said about it"
        source = f", {held['source']}" if held["source"] else ""
        return f"{held['state']} since {actual.moment(held['at'])}{source}"

    def moved_by(self, config: Config) -> Collection[str]:
        if config.get("topic"):
            return ["contact.updated", "topic.subscribed", "topic.unsubscribed"]
        return ["contact.updated", f"{config['channel']}.unsubscribed"]

    def drifts(self, config: Config) -> bool:
        return False

    def sentence(self, config: Config) -> str:
        about = {"email": "email", "sms": "SMS"}.get(str(config.get("channel")), "…")
        if isinstance(config.get("topic"), str) and config["topic"]:
            about = f"“{topics.name(config['topic'])}” by {about}"
        state = config.get("is")
        if state == ConsentState.UNKNOWN:
            return f"has said nothing about {about}"
        if state == ConsentState.PENDING:
            return f"has been asked about {about} and not confirmed it yet"
        return f"is {state or '…'} {'from' if state == ConsentState.UNSUBSCRIBED else 'to'} {about}"

    def sentence_not(self, config: Config, scope: Scope) -> str:
        said = self.sentence(config)
        if config.get("is") == ConsentState.UNKNOWN:
            return said.replace("has said nothing", "has said something", 1)
        return said.replace("is ", "is not ", 1) if said.startswith("is ") else ""


def _said(config: Config) -> Where:
    """FROM and WHERE of what was said to that effect, or of what was said at all: once at most by each contact."""
    is_unknown = config["is"] == ConsentState.UNKNOWN
    states = [state for state in ConsentState.values if state != config["is"]] if is_unknown else [config["is"]]
    if config.get("topic"):
        return Where(
            "FROM contacts_topicconsent cs WHERE cs.topic_id = (SELECT t.id FROM contacts_topic t WHERE t.key = %s)"
            " AND cs.channel = %s AND cs.state = ANY(%s)",
            (config["topic"], config["channel"], states),
        )
    return Where("FROM contacts_consent cs WHERE cs.channel = %s AND cs.state = ANY(%s)", (config["channel"], states))


kind = Consent()
