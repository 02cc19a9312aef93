"""What a kind of provider is: a settings form, and connections that hand messages over and say what came of each.

A connection never hands a message over twice. Where it cannot know whether the other side took one (the line broke
after the message was handed over), the result is "unknown", and nobody tries again by themselves.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Protocol

from django import forms
from django.core.mail import EmailMultiAlternatives
from django.core.validators import RegexValidator

from campaigns.models import Provider

# Nor half of a surrogate pair, which JSON can write and no database takes.
one_line = RegexValidator(r"\A[^\r\n\0\ud800-\udfff]*\Z", "Write this on one line.")


class Mime(NamedTuple):
    """A mail as its bytes: lines end in CRLF, dots are not doubled. `id` is its Message-ID.

    is_dotless: no line begins with a dot, as far as who wrote it made sure.
    """

    content: bytes
    id: str
    is_dotless: bool = False


class Frame(Protocol):
    """What emails of the same content have in common."""

    def bodies(self, mark: Callable[[str], str]) -> tuple[str, str]:
        """Text and HTML, with marks for what is each email's own by its name."""
        ...


@dataclass(frozen=True)
class OutgoingEmail:
    """One email, ready to go: `message` has its recipient, subject, bodies and headers.

    Its From is `sender`, or the provider's own where that is empty. `message_id` is the ledger's row, None for a test.
    Kinds that speak MIME ask for `mime`, which may cost much less than `message`.
    """

    message_id: int | None
    recipient: str
    message: EmailMultiAlternatives
    sender: str = ""

    @property
    def subject(self) -> str:
        return str(self.message.subject)

    @cached_property
    def headers(self) -> Mapping[str, str]:
        return self.message.extra_headers

    @property
    def frame(self) -> Frame | None:
        """Emails with the same frame may go as one with variables, each of them with its `own`. None: it has none."""
        return None

    def own(self) -> dict[str, str]:
        """What stands where the frame's marks are."""
        raise NotImplementedError

    def mime(self, sender: str) -> Mime:
        """The whole mail. Raises ValueError, UnicodeError or LookupError where it cannot be built."""
        self.message.from_email = sender
        built = self.message.message()
        content = built.as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own
        return Mime(content, built["Message-ID"] or "")


@dataclass(frozen=True)
class OutgoingSms:
    """One text message. `status_callback` is the URL at which we want to hear what became of it ("" for none)."""

    message_id: int | None
    recipient: str
    text: str
    sender: str = ""
    status_callback: str = ""


Outgoing = OutgoingEmail | OutgoingSms


class Result(NamedTuple):
    """What came of one hand-over.

    state: "sent" (the provider took it), "failed" (it did not), "bounced" (it did not, for there is no such address) or
        "unknown" (nobody can tell).
    reason: the provider's own words where there are any.
    temporary: a failure that may pass, such as a busy server; the message was certainly not taken.
    outage: the provider could not be reached or refused us, whatever the message was.
    """

    state: str
    provider_message_id: str = ""
    reason: str = ""
    temporary: bool = False
    outage: bool = False


class Connection(Protocol):
    def send(self, batch: Sequence[Any]) -> list[Result]:
        """Hand over in order; one result per message, in the same order. Never raises for a message's sake."""
        ...


class SettingsForm(forms.Form):
    """The settings of a kind: one form for page and API.

    Fields named in `secrets` are kept encrypted and never shown; left empty they keep the value given as `kept`. Those
    of `destinations` say where secrets travel to: whoever changes one of the `stored` ones enters the secrets anew, for
    else they could be led to a server of somebody who never knew them.
    """

    secrets: ClassVar[tuple[str, ...]] = ()
    required_secrets: ClassVar[tuple[str, ...]] = ()
    destinations: ClassVar[tuple[str, ...]] = ()
    staying: ClassVar[tuple[str, ...]] = ()  # secrets that prove what comes in, and never travel
    also_called: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        *args: Any,
        kept: Mapping[str, str] | None = None,
        stored: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kept = kept or {}
        self.stored = stored or {}
        for name in self.secrets:
            field = self.fields[name]
            field.required = False
            field.widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"})
            if self.kept.get(name):
                field.help_text = "Leave empty to keep the one that is stored."

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What a program gave, under our names for it: some settings are known by other ones."""
        return {cls.also_called.get(name, name): value for name, value in given.items()}

    @classmethod
    def defaults(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """Values for what a program left out, which may depend on what it gave."""
        return {
            name: field.initial() if callable(field.initial) else field.initial
            for name, field in cls.base_fields.items()
            if field.initial is not None
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        moved = self._moved(cleaned)
        for name in self.secrets:
            if moved and name not in self.staying and self.kept.get(name) and not cleaned.get(name):
                self.add_error(name, f"Enter it again: “{moved}” changed, and it would go there from now on.")
                continue
            cleaned[name] = cleaned.get(name) or self.kept.get(name, "")
            if name in self.required_secrets and not cleaned[name]:
                self.add_error(name, "This field is required.")
        return cleaned

    def _moved(self, cleaned: Mapping[str, Any]) -> str:
        """The label of the first destination that differs from what is stored; "" where none does."""
        if not self.stored:
            return ""
        for name in self.destinations:
            if name in self.fields and name not in self.errors:
                before, after = self.stored.get(name), cleaned.get(name)
                if (before or self.fields[name].initial or "") != (after or self.fields[name].initial or ""):
                    return str(self.fields[name].label or name.replace("_", " ").capitalize())
        return ""


class Kind:
    """A kind of provider. Subclass it, and put one instance called `kind` into a module of this package."""

    key: str  # the module's name, or the one in its table
    label: str
    hint: str = ""
    icon: str = "plug"  # a lucide name
    channels: ClassVar[tuple[str, ...]]
    order: int = 50
    Form: type[SettingsForm]
    inbound: ClassVar[str] = ""  # the name of the URL at which it tells us of replies
    group: str = ""  # under which heading it is offered
    hears: bool = False  # whether it tells by webhooks what became of messages (see campaigns.notices)
    hearing: str = ""  # how its account is told to
    signing: str = ""  # the setting by which its calls are verified, by its label
    asks_database: bool = False  # whether its connections do: they are used in the thread that records

    def connect(self, provider: Provider) -> AbstractContextManager[Connection]:
        """A connection that may be kept open for many batches. Opening it never fails: what is wrong with the account
        is the result of each message."""
        raise NotImplementedError

    def probe(self, provider: Provider) -> Result | None:
        """Call on the account without a message: "sent" if it would take one now, else what is wrong. None: the kind
        cannot tell."""
        return None

    def summary(self, settings: Mapping[str, Any]) -> str:
        """One line that tells two accounts of the same kind apart."""
        return ""

    def sender(self, provider: Provider) -> str:
        """Who messages come from: an address with its name, or a phone number."""
        return ""
