"""What the actions that send a message have in common."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from django import forms

from campaigns import outbox, providers
from campaigns.contents import content_of
from campaigns.courtesy.rules import MOST_LATE_HOURS
from campaigns.models import Provider
from campaigns.skip_reasons import TOO_LATE
from campaigns.tracking.utm import CHOICES
from contacts.models.consent import Channel
from contacts.remembering import remembered
from contacts.topic_fields import TopicField
from flows.nodes._fields import IdField
from flows.nodes._form import NodeForm
from flows.nodes.base import Batch, Do, Group, Node, Outcome
from templates_app import design_field, mjml, rendering
from templates_app.models import Template

MAX_BODY = 500_000
LATE = "Too late: the message was not sent."


def template_field(channel: Channel) -> IdField:
    return IdField(
        lambda: Template.objects.filter(channel=channel, published__isnull=False).values_list("pk", "name"),
        empty="None: written here",
        gone="This template does not exist or has no published version.",
        label="Template",
    )


def provider_field(channel: Channel) -> IdField:
    return IdField(
        lambda: Provider.objects.filter(channel=channel, enabled=True).values_list("pk", "name"),
        empty="The default provider",
        gone="This provider does not exist or is switched off.",
        label="Provider",
    )


class SendForm(NodeForm):
    name = forms.CharField(
        required=False, max_length=100, label="Name", help_text="How conditions and statistics call this message."
    )
    topic = TopicField(
        empty="None: only consent to the channel is asked",
        help_text="What the message is about. Who has left the topic does not get it.",
    )

    utm = forms.ChoiceField(
        required=False,
        choices=CHOICES,
        label="UTM parameters",
        help_text="Which ones is set under Settings, Tracking.",
    )
    late_hours = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_LATE_HOURS,
        label="At most so many hours late",
        help_text="What is later than that is not sent: “too late”. Empty: as the courtesy settings have it.",
    )

    def clean_message(self, written: tuple[str, ...], required: tuple[str, ...]) -> dict[str, Any]:
        """A template, or words of one's own that a contact's data can be filled into: one of the two."""
        self._compose()
        own = self.given(*written)
        if self.cleaned_data.get("template"):
            if own:
                self.add_error("template", "Choose a template or write the message here, not both.")
        elif "template" not in self.errors:
            for name in required:
                self.need(name, "Choose a template, or write this here.")
        for name in (name for name in own if name != "design"):
            for problem in rendering.problems(self.cleaned_data[name]):
                where = f"Line {problem.line}: " if "\n" in self.cleaned_data[name] else ""
                self.add_error(name, f"{where}{problem.sentence}")
        if self.cleaned_data.get("markup") == "mjml" and "body" in own and "body" not in self.errors:
            for line, sentence in _mjml_problems(self.cleaned_data["body"]):
                self.add_error("body", f"Line {line}: {sentence}")
        return self.cleaned_data

    def _compose(self) -> None:
        """A message that is made of blocks says what its design says, whatever was sent beside it."""
        if design := self.cleaned_data.get("design"):
            self.errors.pop("body", None)
            self.cleaned_data |= design_field.words(design)


@lru_cache(maxsize=256)
def _mjml_problems(body: str) -> list[tuple[int, str]]:
    return mjml.problems(body)


class Send(Node):
    """A node that sends a message of its `channel`; `written` are the fields that a template replaces."""

    group = Group.ACTIONS
    channel: ClassVar[Channel]
    written: ClassVar[tuple[str, ...]]
    required: ClassVar[tuple[str, ...]]
    sends = True

    def summary(self, config: dict[str, Any]) -> str:
        name = config.get("name") or self._template_name(config) or config.get(self.written[0])
        if not isinstance(name, str) or not name:
            return "Nothing written yet"
        text = " ".join(name.split())
        return f"“{text[:59]}…”" if len(text) > 60 else f"“{text}”"

    def _template_name(self, config: dict[str, Any]) -> str:
        chosen = config.get("template")
        if not isinstance(chosen, int):
            return ""
        names = remembered(
            ("template names", self.channel),
            lambda: dict(Template.objects.filter(channel=self.channel).values_list("pk", "name")),
        )
        return names.get(chosen, "A template that is gone")

    def tidy(self, config: dict[str, Any]) -> dict[str, Any]:
        """With the body of a design, which a program need not send."""
        tidied = super().tidy(config)
        if not tidied.get("design") or tidied is config:
            return tidied
        return tidied | design_field.words(tidied["design"])

    def unavailable(self) -> tuple[str, str] | None:
        if providers.available(self.channel):
            return None
        return f"{self.label} has no provider. Add one, and messages can be sent.", "provider_list"

    def makes(self, config: dict[str, Any]) -> list[str]:
        return [f"{self.channel}.{verb}" for verb in ("sent", "delivered", "failed")]

    def run(self, batch: Batch) -> Iterator[Outcome]:
        yield Do(batch, self._enqueue, reason=LATE if batch.late else "", later=True)

    def _enqueue(self, batches: Sequence[Batch]) -> None:
        outbox.enqueue_all([self._wanted(batch) for batch in batches], batches[0].now)

    def _wanted(self, batch: Batch) -> outbox.Wanted:
        content = content_of(self.channel, batch.config, batch.now)
        skipped = TOO_LATE if batch.late else ""
        return outbox.Wanted(batch.origin, content, batch.contacts, batch.ids, batch.visits, batch.events, skipped)
