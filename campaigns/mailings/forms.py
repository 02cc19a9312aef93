"""Forms of the list of campaigns and of a campaign's steps but its message: what it is, whom it reaches and when."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from campaigns.mailings import timing
from campaigns.models import Campaign, CampaignState
from campaigns.models.campaign import Kind
from campaigns.pick_field import PickField
from contacts import zones
from contacts.list_forms import ListForm
from contacts.models.consent import Channel
from contacts.segments.forms import RuleField

EVERYBODY, CHOSEN = "everybody", "chosen"


class CampaignListForm(ListForm):
    state = forms.ChoiceField(required=False, choices=[("", "All states"), *CampaignState.choices])
    channel = forms.ChoiceField(required=False, choices=[("", "All channels"), *Channel.choices])
    kind = forms.ChoiceField(required=False, choices=[("", "All kinds"), *Kind.choices])
    archived = forms.ChoiceField(required=False, choices=[("", "Not archived"), ("only", "Archived")])


class NameForm(forms.ModelForm):
    class Meta:
        model = Campaign
        fields = ["name"]
        help_texts = {"name": "How your team calls it. Contacts never see it."}
        widgets = {"name": forms.TextInput(attrs={"autofocus": True, "placeholder": "Spring sale"})}

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


class PriorityForm(forms.ModelForm):
    class Meta:
        model = Campaign
        fields = ["priority"]


class NewCampaignForm(NameForm):
    channel = forms.ChoiceField(choices=Channel.choices, widget=forms.RadioSelect)


class AudienceForm(forms.Form):
    """Whom a campaign reaches, as `Campaign.audience` keeps it; the file has a form of its own."""

    whom = forms.ChoiceField(choices=[(EVERYBODY, EVERYBODY), (CHOSEN, CHOSEN)])
    segments = PickField(
        "segments", required=True, label="Segments", help_text="Everybody who is in at least one of them."
    )
    tags = PickField("tags", required=True, label="Tags", help_text="Everybody who carries at least one of them.")
    exclude = PickField("segments", label="Leave out", help_text="Nobody who is in one of these segments gets it.")
    rule = RuleField(required=False, label="Only those who match")

    def __init__(self, data: Any, campaign: Campaign) -> None:
        self.has_file = bool(campaign.audience.get("file"))
        super().__init__(data, initial=self._kept(campaign))

    def _kept(self, campaign: Campaign) -> dict[str, Any]:
        kept = campaign.audience
        chosen = any(kept.get(name) for name in ("segments", "tags", "file"))
        return {**kept, "whom": CHOSEN if chosen else EVERYBODY}

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("whom") == EVERYBODY:
            for name in ("segments", "tags"):
                self.errors.pop(name, None)
                cleaned[name] = []
            self.has_file = False
        elif not (cleaned.get("segments") or cleaned.get("tags") or self.has_file or self.errors):
            self.add_error("segments", "Choose a segment or a tag, or upload a file.")
        return cleaned

    @property
    def audience(self) -> dict[str, Any]:
        kept = {name: self.cleaned_data[name] for name in ("segments", "tags", "exclude", "rule")}
        return {**kept, "file": self.has_file}


class FileForm(forms.Form):
    file = forms.FileField(label="CSV file", help_text="With a column of emails, phones or external ids.")


class _Moment(forms.CharField):
    """A date and a clock time without a zone, kept as "2026-12-24T09:00"."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        if not text:
            return ""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise ValidationError("Give a date and a time.") from error
        if moment.tzinfo is not None or not 2000 <= moment.year <= 2200:
            raise ValidationError("Give a date and a time between the years 2000 and 2200, without an offset.")
        return moment.isoformat(timespec="minutes")


class WhenForm(forms.Form):
    """When a campaign is sent, as `Campaign.schedule` keeps it. `now` is what the moment is compared with."""

    # What is needed depends on what was chosen; a browser would complain of what it does not show.
    use_required_attribute = False

    when = forms.ChoiceField(choices=[("now", "now"), ("at", "at")])
    at = _Moment(label="Date and time", error_messages={"required": "Say when it is sent."})
    timezone = forms.CharField(label="Time zone", widget=forms.Select)
    spread = forms.BooleanField(required=False, label="Spread it over some hours")
    spread_hours = forms.FloatField(
        min_value=0.01,
        max_value=timing.MOST_SPREAD_HOURS,
        label="Hours",
        error_messages={"required": "Say over how many hours."},
        widget=forms.NumberInput(attrs={"placeholder": "4", "step": "any"}),
    )

    def __init__(self, data: Any, campaign: Campaign, now: datetime, zone: str) -> None:
        self.now = now
        kept = campaign.schedule
        initial = {
            "when": kept.get("when") or "now",
            "at": kept.get("at", ""),
            "timezone": kept.get("timezone") or zone,
            "spread": bool(kept.get("spread_hours")),
            "spread_hours": kept.get("spread_hours"),
        }
        super().__init__(data, initial=initial)
        names = [(name, name.replace("_", " ")) for name in sorted(zones.names()) if "/" in name or name == "UTC"]
        self.fields["timezone"].widget.choices = [(timing.OWN_ZONE, "Each contact’s own"), *names]  # type: ignore[attr-defined]

    def clean_timezone(self) -> str:
        name = self.cleaned_data["timezone"]
        if name and name != timing.OWN_ZONE:
            zones.validate_zone(name)
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("when") != "at":
            self.errors.pop("at", None)
            self.errors.pop("timezone", None)
        elif cleaned.get("at") and cleaned.get("timezone"):
            self._check_moment(cleaned["at"], cleaned["timezone"])
        if not cleaned.get("spread"):
            self.errors.pop("spread_hours", None)
        return cleaned

    def _check_moment(self, at: str, zone: str) -> None:
        if timing.last_moment(Campaign(schedule={"when": "at", "at": at, "timezone": zone})) <= self.now:
            everywhere = " everywhere on earth" if zone == timing.OWN_ZONE else ""
            self.add_error("at", f"This moment has passed{everywhere}.")

    @property
    def schedule(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        found: dict[str, Any] = {"when": "now"}
        if cleaned["when"] == "at":
            found = {"when": "at", "at": cleaned["at"], "timezone": cleaned["timezone"]}
        if cleaned["spread"]:
            found["spread_hours"] = cleaned["spread_hours"]
        return found
