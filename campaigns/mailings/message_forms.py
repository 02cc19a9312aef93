"""The form of what a campaign says: up to four variants, how the best is found, and through whom it is sent."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from campaigns.courtesy.rules import MOST_LATE_HOURS
from campaigns.mailings.fields import KEYS, LONGEST_WAIT
from campaigns.models import Campaign, Priority, Provider
from campaigns.tracking.utm import CHOICES as UTM_CHOICES
from contacts.models.consent import Channel
from contacts.topic_fields import TopicField
from templates_app import checks, design_field, rendering
from templates_app.forms import WordsForm
from templates_app.models import Template, TemplateVersion

WRITTEN, TEMPLATE = "written", "template"
WORDS = ("subject", "preheader", "markup", "body")
MEASURES = [
    ("opened", "Most opened"),
    ("clicked", "Most clicked"),
    ("converted", "Most conversions"),
    ("revenue", "Most revenue"),
]


class VariantForm(WordsForm):
    """One wording: a template's, or one's own."""

    # What is needed depends on where the words come from; a browser would complain of what it does not show.
    use_required_attribute = False

    design = design_field.DesignField()
    source = forms.ChoiceField(choices=[(WRITTEN, WRITTEN), (TEMPLATE, TEMPLATE)], initial=WRITTEN)
    template = forms.ModelChoiceField(
        Template.objects.none(),
        empty_label="Choose a template…",
        error_messages={
            "required": "Choose a template, or write the message here.",
            "invalid_choice": "This template does not exist or has no published version.",
        },
    )

    def __init__(self, data: Any, kept: Mapping[str, Any], channel: str) -> None:
        markup = TemplateVersion.Markup.TEXT if channel == Channel.SMS else kept.get("markup") or "html"
        self.version = TemplateVersion(template=Template(channel=channel), number=0, markup=markup)
        initial = {
            **{name: kept.get(name) or "" for name in WORDS if name != "markup"},
            "markup": markup,
            "source": kept.get("source") or (TEMPLATE if kept.get("template") else WRITTEN),
            "template": kept.get("template"),
            "design": kept.get("design") or None,
        }
        self.key = kept["key"]
        super().__init__(data, prefix=self.key, initial=initial, instance=self.version, channel=channel)
        for name in ("subject", "body"):
            if name in self.fields:
                self.fields[name].error_messages["required"] = "Write this, or choose a template."
        if channel == Channel.SMS:
            del self.fields["design"]
        if "markup" in self.fields:
            known = (TemplateVersion.Markup.HTML, TemplateVersion.Markup.MJML)
            self.fields["markup"].choices = [(one.value, one.label) for one in known]  # type: ignore[attr-defined]
        self.fields["body"].widget.attrs["rows"] = 5 if channel == Channel.SMS else 16
        published = Template.objects.filter(channel=channel, published__isnull=False)
        self.fields["template"].queryset = published  # type: ignore[attr-defined]
        self.channel = channel

    @property
    def letter(self) -> str:
        return self.key.upper()

    @property
    def from_template(self) -> bool:
        return self["source"].value() == TEMPLATE

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("source") == TEMPLATE:
            for name in (*WORDS, "design"):
                self.errors.pop(name, None)
            return cleaned
        self.errors.pop("template", None)
        if cleaned.get("design"):
            for name in ("body", "markup"):
                self.errors.pop(name, None)
            cleaned |= design_field.words(cleaned["design"])
        for name in WORDS:
            for problem in rendering.problems(cleaned.get(name) or "") if name != "markup" else ():
                where = f"Line {problem.line}: " if "\n" in cleaned[name] else ""
                self.add_error(name, f"{where}{problem.sentence}")
        if not self.errors:
            self._check_design(cleaned)
        return cleaned

    def _check_design(self, words: dict[str, Any]) -> None:
        version = TemplateVersion(template=self.version.template, **{name: words.get(name) or "" for name in WORDS})
        for finding in checks.findings(version):
            if finding.fatal:
                self.add_error(finding.field, f"Line {finding.line}: {finding.sentence}")

    def clean_body(self) -> str:
        body = super().clean_body()
        if self.channel == Channel.SMS and len(body) > 1600:
            raise ValidationError("An SMS may have 1,600 characters.")
        return body

    @property
    def variant(self) -> dict[str, Any]:
        """As `Campaign.variants` keeps it."""
        cleaned = self.cleaned_data
        if cleaned["source"] == TEMPLATE:
            return {"key": self.key, "template": cleaned["template"].pk}
        markup = TemplateVersion.Markup.TEXT.value if self.channel == Channel.SMS else cleaned["markup"]
        words = {name: cleaned.get(name) or "" for name in ("subject", "preheader", "body")}
        design = {"design": cleaned["design"]} if cleaned.get("design") else {}
        return {"key": self.key, "template": None, **words, "markup": markup, **design}

    def raw(self) -> dict[str, Any]:
        """What stands in the fields now, whatever it is worth."""
        return {"key": self.key, **{name: self[name].value() for name in self.fields}}

    def shown(self) -> TemplateVersion | None:
        """The words as they stand, for a preview; None where a template is still to be chosen."""
        raw = self.raw()
        if raw["source"] == TEMPLATE:
            chosen = str(raw.get("template") or "")
            queryset = self.fields["template"].queryset  # type: ignore[attr-defined]
            template = queryset.select_related("published").filter(pk=chosen).first() if chosen.isdecimal() else None
            return template and template.published
        self.version.subject = " ".join(str(raw.get("subject") or "").split())
        self.version.preheader = str(raw.get("preheader") or "")
        self.version.body = str(raw.get("body") or "").replace("\r\n", "\n").replace("\0", "")
        if raw.get("markup") in ("html", "mjml"):
            self.version.markup = raw["markup"]
        return self.version


class SenderForm(forms.Form):
    topic = TopicField(
        empty="None: only consent to the channel is asked",
        help_text="What it is about. Who has left the topic does not get it.",
    )
    utm = forms.ChoiceField(choices=UTM_CHOICES, required=False, label="UTM parameters")
    priority = forms.TypedChoiceField(
        choices=Priority.choices,
        coerce=int,
        required=False,
        empty_value=Priority.NORMAL.value,  # type: ignore[arg-type]  # the stubs know texts only
        help_text="Whose message goes first where a contact may get one more only, or the provider is busy.",
    )
    late_hours = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_LATE_HOURS,
        label="At most so many hours late",
        help_text="What is later is not sent. Empty: as the courtesy settings have it.",
    )
    provider = forms.ModelChoiceField(
        Provider.objects.none(),
        required=False,
        empty_label="The default provider",
        error_messages={"invalid_choice": "This provider does not exist or is switched off."},
    )

    def __init__(self, data: Any, campaign: Campaign) -> None:
        super().__init__(
            data,
            initial={
                "topic": campaign.topic,
                "utm": campaign.utm,
                "provider": campaign.provider_id,
                "priority": campaign.priority,
                "late_hours": campaign.late_hours,
            },
        )
        enabled = Provider.objects.filter(channel=campaign.channel, enabled=True)
        self.fields["provider"].queryset = enabled  # type: ignore[attr-defined]


class AbTestForm(forms.Form):
    """How the best of several variants is found, as `Campaign.test` keeps it."""

    share_percent = forms.IntegerField(
        min_value=1, max_value=100, label="Try it on", help_text="Per cent of the audience, split evenly."
    )
    wait_hours = forms.FloatField(
        min_value=0.25,
        max_value=LONGEST_WAIT,
        label="Wait",
        help_text="Hours before the winner is chosen.",
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    measure = forms.ChoiceField(choices=MEASURES, label="The winner is", help_text="The rest gets it by itself.")

    def __init__(self, data: Any, campaign: Campaign, typed: Mapping[str, str] | None = None) -> None:
        usual = {"share_percent": 20, "wait_hours": 4, "measure": "opened"}
        super().__init__(data, initial={**usual, **campaign.test, **(typed or {})})
        if campaign.channel == Channel.SMS:
            self.fields["measure"].choices = MEASURES[1:]  # type: ignore[attr-defined]


class MessageForms:
    """All of the page: its variants in order, and the rest. Bound where it was posted."""

    def __init__(self, campaign: Campaign, data: Any = None) -> None:
        self.campaign, self.data = campaign, data
        kept = campaign.variants or [{"key": "a"}]
        if data is not None:
            posted = [key for key in dict.fromkeys(data.getlist("keys")) if key in KEYS and len(key) == 1]
            kept = [{"key": key} for key in posted] or kept
        self.variants = [VariantForm(data, one, campaign.channel) for one in kept[: len(KEYS)]]
        self.sender = SenderForm(data, campaign)
        self.test = AbTestForm(data if self.tests else None, campaign)

    @property
    def tests(self) -> bool:
        return len(self.variants) > 1

    @property
    def may_add(self) -> bool:
        return len(self.variants) < len(KEYS)

    def of(self, key: str) -> VariantForm:
        return next((one for one in self.variants if one.key == key), self.variants[0])

    def is_valid(self) -> bool:
        forms_asked = [*self.variants, self.sender, *([self.test] if self.tests else [])]
        # All are asked, so that everything that is wrong shows at once.
        return [form.is_valid() for form in forms_asked].count(False) == 0

    def first_wrong(self) -> str:
        """The key of the first variant with a problem."""
        return next((one.key for one in self.variants if one.errors), self.variants[0].key)

    @property
    def fields(self) -> dict[str, Any]:
        """What is to be kept of the campaign."""
        provider = self.sender.cleaned_data["provider"]
        return {
            "variants": [one.variant for one in self.variants],
            "test": self.test.cleaned_data if self.tests else {},
            "topic": self.sender.cleaned_data["topic"],
            "utm": self.sender.cleaned_data["utm"],
            "provider": provider and provider.pk,
            "priority": self.sender.cleaned_data["priority"],
            "late_hours": self.sender.cleaned_data["late_hours"],
        }

    def add(self) -> str:
        """Another, empty variant; its key."""
        return self._put([*self._raw(), {}], len(self.variants))

    def duplicate(self, key: str) -> str:
        raw = self._raw()
        copied = next((one for one in raw if one["key"] == key), raw[0])
        return self._put([*raw, dict(copied)], len(raw))

    def remove(self, key: str) -> str:
        """Take one away; the key of the one that is then in its place. The last one stays."""
        raw = self._raw()
        place = next((place for place, one in enumerate(raw) if one["key"] == key), 0)
        if len(raw) > 1:
            del raw[place]
        return self._put(raw, min(place, len(raw) - 1))

    def _raw(self) -> list[dict[str, Any]]:
        return [one.raw() for one in self.variants]

    def _put(self, raw: list[dict[str, Any]], at: int) -> str:
        """Make the forms anew, unbound, from what stands in them: nothing is complained of while it is written."""
        kept = raw[: len(KEYS)]
        self.variants = [
            VariantForm(None, {**one, "key": key}, self.campaign.channel) for key, one in zip(KEYS, kept, strict=False)
        ]
        if self.data is not None:
            typed = {name: self.data[name] for name in self.test.fields if self.data.get(name)}
            self.test = AbTestForm(None, self.campaign, typed)
        return KEYS[min(at, len(kept) - 1)]
