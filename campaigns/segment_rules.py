"""Rules about messages: whether a contact was sent one, opened it, clicked it, and so on."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from campaigns.message_rule_form import DID, NEGATIVE, MessageForm, name_of
from campaigns.models import Campaign, MessageState, Origin
from contacts.models.consent import Channel
from contacts.remembering import remembered
from contacts.segments import actual, spans
from contacts.segments.picking import MOST, Option, named
from contacts.segments.rules.base import Config, RuleKind, unknown_keys
from contacts.segments.where import Scope, Where, all_of, fill, ids, value

_HIS = 'm.contact_id = "contacts_contact"."id"'
# The moment in the ledger that proves what happened.
_PROOFS = {did: f"m.{did}_at" for did in DID}


class Message(RuleKind):
    key = "message"
    label = "Message"
    icon = "mail"
    order = 45
    Form = MessageForm
    keys = {
        "did": "sent, delivered, opened, clicked, bounced, complained, unsubscribed or failed.",
        "did_not": "The same, of what did not happen; in place of “did”.",
        "campaign": "The id of a campaign; without it and “scenario”, any message is meant.",
        "scenario": "The id of a scenario.",
        "node": "Of the campaign's or the scenario's messages those of this step or shape, by its id.",
        "channel": "email or sms; without it, any.",
        "within": "How lately, as in an event rule.",
        "count": "How often, as in an event rule.",
    }
    example = {"rule": "message", "did": "opened", "campaign": 3, "within": {"amount": 30, "unit": "days"}}

    def problems(self, config: Config, scope: Scope) -> list[str]:
        found = list(unknown_keys(config, *self.keys))
        verbs = [config[key] for key in ("did", "did_not") if config.get(key) is not None]
        if len(verbs) != 1 or not isinstance(verbs[0], str) or verbs[0].removeprefix(NEGATIVE) not in DID:
            found.append(f"Choose what the contact did with the message: {', '.join(DID)}.")
        found += _where_problems(config, scope)
        if config.get("channel") is not None and config["channel"] not in Channel.values:
            found.append("The channel is email or sms.")
        return found + spans.problems(config.get("count"), config.get("within"))

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        verb, negative = _verb(config)
        such = self._such(config, verb, now, scope)
        if config.get("count"):
            found = spans.counted(such, _HIS, "m.contact_id", config["count"], scope.few)
        elif _own_node(config) and scope.passes:
            # The passes at hand lead to their few messages, once for the whole batch.
            found = fill('"contacts_contact"."id" IN (SELECT m.contact_id {0})', such)
        else:
            found = fill(f"EXISTS (SELECT 1 {{0}} AND {_HIS})", such)
        return ~found if negative else found

    def _such(self, config: Config, verb: str, now: datetime, scope: Scope) -> Where:
        """FROM and WHERE of the messages that are meant, with whom it happened."""
        moment = _PROOFS[verb]
        # A failure that the provider reported at once has no other trace than the state in older rows.
        proof = f"m.state = '{MessageState.FAILED.value}'" if verb == "failed" else f"{moment} IS NOT NULL"
        conditions = [Where(proof)]
        origins = _origins(config, scope)
        if origins is not None:
            conditions.append(fill("m.origin_id IN (SELECT o.id FROM campaigns_origin o WHERE {0})", origins))
        if _own_node(config) and scope.passes:
            conditions.append(fill("m.origin_pass = ANY({0})", ids(scope.passes)))
        if config.get("channel"):
            conditions.append(fill("m.channel = {0}", value(config["channel"])))
        if config.get("within"):
            conditions.append(fill(f"{moment} >= {{0}}", value(spans.since(config["within"], now))))
        return fill("FROM campaigns_message m WHERE {0}", all_of(conditions))

    def held(self, config: Config, now: datetime, scope: Scope) -> Where:
        """Of the messages with which it happened, and of all that were sent from there."""
        verb, _ = _verb(config)
        such, sent = self._such(config, verb, now, scope), self._such({**config, "within": None}, "sent", now, scope)
        return fill(
            f"(SELECT jsonb_build_object('times', count(*), 'last', max({_PROOFS[verb]}),"
            f" 'sent', (SELECT count(*) {{1}} AND {_HIS}), 'latest', (SELECT max(m.sent_at) {{1}} AND {_HIS}))"
            f" {{0}} AND {_HIS})",
            such,
            sent,
        )

    def told(self, config: Config, held: Any) -> str:
        sent = f"{actual.times(held['sent'])} sent one" + (
            f", last on {actual.moment(held['latest'])}" if held["latest"] else ""
        )
        if _verb(config)[0] == "sent" and not config.get("within"):
            return sent
        last = f", last on {actual.moment(held['last'])}" if held["last"] else ""
        return f"{actual.times(held['times'])}{last}; {sent}"

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
        words = [DID[verb][1 if negative else 0]]
        kind = {"email": "email", "sms": "SMS"}.get(str(config.get("channel")), "message")
        if _own_node(config):
            # A scenario's own names for its messages come with their quotation marks.
            words.append(dict(scope.nodes or ()).get(config["node"]) or f"the {kind} “{config['node']}”")
        else:
            words.append(f"the {kind} “{config['node']}”" if config.get("node") else f"any {kind}")
            words += [_named(key, config[key]) for key in ("scenario", "campaign") if config.get(key)][:1]
        return " ".join(words) + spans.count_words(config.get("count")) + spans.within_words(config.get("within"))

    def sentence_not(self, config: Config, scope: Scope) -> str:
        verb, negative = _verb(config)
        return self.sentence_in({**config, "did_not": None, "did": verb if negative else f"{NEGATIVE}{verb}"}, scope)

    def suggestions(self, of: str, words: str, field: str) -> Sequence[Option] | None:
        if of == "campaigns":
            return named(Campaign.objects.order_by("-pk"), words)
        if of in ("scenario-parts", "campaign-parts"):
            whole = f"{of.removesuffix('-parts')}:{field}:"
            keys = Origin.objects.filter(key__startswith=whole).order_by("-pk").values_list("key", flat=True)[:MOST]
            return [part for key in keys if words.lower() in (part := key.removeprefix(whole)).lower()]
        return None

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


def _named(kind: str, number: Any) -> str:
    name = remembered(("name of origin", kind, number), lambda: name_of(kind, number))
    return f"of the {kind} “{name}”" if name else f"of {kind} {number}"


def _origins(config: Config, scope: Scope) -> Where | None:
    """Which origins are meant, as SQL over `o.key`; None where any is."""
    for kind in ("scenario", "campaign"):
        if config.get(kind):
            key = f"{kind}:{config[kind]}"
            if config.get("node"):
                return Where("o.key = %s", (f"{key}:{config['node']}",))
            return Where("o.key = %s OR o.key LIKE %s", (key, f"{key}:%"))
    if config.get("node"):
        return Where("o.key = %s", (f"{scope.origin}:{config['node']}",))
    return None


kinds = [Message()]
