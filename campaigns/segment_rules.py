"""Rules about messages: whether a contact was sent one, opened it, clicked it, and so on."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django import forms

from campaigns.models import MessageState
from contacts.models.consent import Channel
from contacts.segments.rules.base import Config, RuleForm, RuleKind, unknown_keys
from contacts.segments.where import Scope, Where, ids

# What may be asked: the words of a sentence, and the moment in the ledger that proves it.
DID = {
    "sent": ("was sent", "m.sent_at"),
    "delivered": ("got", "m.delivered_at"),
    "opened": ("opened", "m.opened_at"),
    "clicked": ("clicked", "m.clicked_at"),
    "bounced": ("had bounced", "m.bounced_at"),
    "unsubscribed": ("unsubscribed by", "m.unsubscribed_at"),
    "failed": ("did not get, because it failed,", "m.failed_at"),
}
DID_NOT = {
    "sent": "was not sent",
    "delivered": "did not get",
    "opened": "did not open",
    "clicked": "did not click",
    "bounced": "had not bounced",
    "unsubscribed": "did not unsubscribe by",
    "failed": "had not failed",
}
UNITS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
    "months": timedelta(days=30),
    "years": timedelta(days=365),
}
LONGEST = timedelta(days=36500)
NEGATIVE = "not:"


def _any(what: str) -> forms.NumberInput:
    # Another number may mean that one of its messages can be named.
    return forms.NumberInput(attrs={"placeholder": f"any {what}", "data-redraw": ""})


class MessageForm(RuleForm):
    did = forms.ChoiceField(
        label="Contact",
        choices=[
            *((key, words) for key, (words, _moment) in DID.items()),
            *((f"{NEGATIVE}{key}", words) for key, words in DID_NOT.items()),
        ],
    )
    node = forms.ChoiceField(label="Message of", required=False)
    scenario = forms.IntegerField(label="Of scenario (number)", required=False, min_value=1, widget=_any("scenario"))
    campaign = forms.IntegerField(label="Of campaign (number)", required=False, min_value=1, widget=_any("campaign"))
    channel = forms.ChoiceField(label="Channel", required=False, choices=[("", "any channel"), *Channel.choices])
    within__unit = forms.ChoiceField(
        label="When",
        required=False,
        choices=[("", "at any time"), *((unit, f"in the last {unit}") for unit in UNITS)],
        widget=forms.Select(attrs={"data-redraw": ""}),
    )
    within__amount = forms.IntegerField(label="Number", min_value=1)

    def __init__(self, config: Config, scope: Scope) -> None:
        super().__init__(config, scope)
        elsewhere = self.initial.get("scenario") or self.initial.get("campaign")
        if scope.nodes is not None and not elsewhere:
            self.fields["node"] = forms.ChoiceField(
                label="Message of", required=False, choices=[("", "any message"), *scope.nodes]
            )
            del self.fields["scenario"], self.fields["campaign"]
        elif elsewhere:
            self.fields["node"] = forms.CharField(
                label="Of its step or shape (id)",
                required=False,
                widget=forms.TextInput(attrs={"placeholder": "any message of it"}),
            )
        else:
            del self.fields["node"]
        if not self.initial.get("within__unit"):
            del self.fields["within__amount"]


class Message(RuleKind):
    key = "message"
    label = "Message"
    icon = "mail"
    order = 45
    Form = MessageForm

    def problems(self, config: Config, scope: Scope) -> list[str]:
        found = list(unknown_keys(config, "did", "did_not", "node", "scenario", "campaign", "channel", "within"))
        verbs = [config[key] for key in ("did", "did_not") if config.get(key) is not None]
        if len(verbs) != 1 or not isinstance(verbs[0], str) or verbs[0].removeprefix(NEGATIVE) not in DID:
            found.append(f"Choose what the contact did with the message: {', '.join(DID)}.")
        found += _where_problems(config, scope)
        if config.get("channel") is not None and config["channel"] not in Channel.values:
            found.append("The channel is email or sms.")
        if config.get("within") is not None and not _is_within(config["within"]):
            found.append("“within” is a whole amount and a unit, such as 30 days.")
        return found

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        verb, negative = _verb(config)
        moment = DID[verb][1]
        # A failure that the provider reported at once has no other trace than the state in older rows.
        proof = f"m.state = '{MessageState.FAILED.value}'" if verb == "failed" else f"{moment} IS NOT NULL"
        conditions: list[str] = [proof]
        params: list[Any] = []
        origins, keys = _origins(config, scope)
        if origins:
            conditions.append(f"m.origin_id IN (SELECT o.id FROM campaigns_origin o WHERE {origins})")  # noqa: S608
            params += keys
        of_passes = bool(_own_node(config) and scope.passes)
        if of_passes:
            passes = ids(scope.passes)
            conditions.append(f"m.origin_pass = ANY({passes.sql})")
            params += passes.params
        if config.get("channel"):
            conditions.append("m.channel = %s")
            params.append(config["channel"])
        if config.get("within"):
            conditions.append(f"{moment} > %s")
            params.append(now - UNITS[config["within"]["unit"]] * config["within"]["amount"])
        # Every condition is one of the texts above; what users write travels in the parameters.
        such = f"FROM campaigns_message m WHERE {' AND '.join(conditions)}"
        if of_passes:
            # The passes at hand lead to their few messages, once for the whole batch.
            found = Where(f'"contacts_contact"."id" IN (SELECT m.contact_id {such})', tuple(params))
        else:
            found = Where(f'EXISTS (SELECT 1 {such} AND m.contact_id = "contacts_contact"."id")', tuple(params))
        return ~found if negative else found

    def moved_by(self, config: Config) -> Collection[str]:
        verb, _ = _verb(config)
        # A provider may report a failure while the message is still in hand; then it counts once that is recorded.
        verbs = ["failed", "sent"] if verb == "failed" else [verb]
        if verb in ("opened", "clicked"):
            # A burst of clicks takes back what was counted of it, and then tells of machines.
            verbs += ["machine_opened", "machine_clicked"]
        channels = [config["channel"]] if config.get("channel") else Channel.values
        return [f"{channel}.{each}" for channel in channels for each in verbs]

    def drifts(self, config: Config) -> bool:
        return bool(config.get("within"))

    def sentence(self, config: Config) -> str:
        return self.sentence_in(config, Scope())

    def sentence_in(self, config: Config, scope: Scope) -> str:
        verb, negative = _verb(config)
        if verb not in DID:
            return "did something with a message"
        words = [DID_NOT[verb] if negative else DID[verb][0]]
        kind = {"email": "email", "sms": "SMS"}.get(str(config.get("channel")), "message")
        if _own_node(config):
            # A scenario's own names for its messages come with their quotation marks.
            words.append(dict(scope.nodes or ()).get(config["node"]) or f"the {kind} “{config['node']}”")
        else:
            words.append(f"the {kind} “{config['node']}”" if config.get("node") else f"any {kind}")
            words += [f"of {key} {config[key]}" for key in ("scenario", "campaign") if config.get(key)][:1]
        within = config.get("within")
        if _is_within(within):
            amount, unit = within["amount"], within["unit"]
            words.append(f"in the last {unit.removesuffix('s') if amount == 1 else f'{amount} {unit}'}")
        return " ".join(words)

    def countable(self, config: Config) -> bool:
        """A rule about a node means the messages of the passes at hand."""
        return not _own_node(config)


def _own_node(config: Config) -> bool:
    """Whether a node of the scenario in which the rule stands is meant."""
    return bool(config.get("node")) and not config.get("scenario") and not config.get("campaign")


def _verb(config: Config) -> tuple[str, bool]:
    """What is asked for, and whether it must not have happened."""
    if config.get("did_not") is not None:
        return str(config["did_not"]), True
    did = str(config.get("did"))
    return did.removeprefix(NEGATIVE), did.startswith(NEGATIVE)


def _where_problems(config: Config, scope: Scope) -> list[str]:
    found = []
    named = [key for key in ("scenario", "campaign") if config.get(key) is not None]
    if len(named) > 1:
        found.append("A message rule names a scenario or a campaign, only one of them.")
    for key in ("scenario", "campaign"):
        number = config.get(key)
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 2**63):
            found.append(f"The {key} of a message rule is its number.")
    node = config.get("node")
    if node is not None:
        if not isinstance(node, str) or not 0 < len(node) <= 100:
            found.append("The node of a message rule is its id.")
        elif named:
            pass  # of another scenario, or of a campaign: it may name any
        elif scope.nodes is not None and node not in dict(scope.nodes):
            found.append("The message that a rule asks about is not in this scenario any more. Choose another.")
        elif scope.nodes is None and not scope.origin:
            found.append("Outside a scenario, a rule that names a node also names its scenario or campaign.")
    return found


def _origins(config: Config, scope: Scope) -> tuple[str, list[Any]]:
    """Which origins are meant, as SQL over `o.key` and its parameters."""
    for kind in ("scenario", "campaign"):
        if config.get(kind):
            key = f"{kind}:{config[kind]}"
            if config.get("node"):
                return "o.key = %s", [f"{key}:{config['node']}"]
            return "o.key = %s OR o.key LIKE %s", [key, f"{key}:%"]
    if config.get("node"):
        return "o.key = %s", [f"{scope.origin}:{config['node']}"]
    return "", []


def _is_within(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and set(item) == {"amount", "unit"}
        and isinstance(item["unit"], str)
        and item["unit"] in UNITS
        and isinstance(item["amount"], int)
        and not isinstance(item["amount"], bool)
        and 1 <= item["amount"] <= LONGEST // UNITS[item["unit"]]
    )


kinds = [Message()]
