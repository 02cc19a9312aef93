"""Forms of the settings pages."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.conf import global_settings
from django.contrib.auth.forms import BaseUserCreationForm, UserCreationForm

from config.models import User
from config.roles import Role, role_of
from config.scopes import EVERYTHING, RESOURCES
from contacts import zones
from contacts.models import Installation


def zone_choices() -> Iterator[tuple[str, str]]:
    """The zones that people know, "" first; areas such as Etc and the old aliases are left out."""
    yield "", "The server’s zone"
    yield "UTC", "UTC"
    areas = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    for name in sorted(zones.names()):
        if name.partition("/")[0] in areas and "/" in name:
            yield name, name.replace("_", " ")


class ZoneField(forms.ChoiceField):
    def __init__(self, *, empty: str, **options: Any) -> None:
        super().__init__(choices=lambda: [("", empty), *list(zone_choices())[1:]], required=False, **options)


class InstallationForm(forms.ModelForm):
    timezone = ZoneField(
        empty="The server’s zone",
        label="Time zone",
        help_text="Used for contacts who have none of their own, and for people who have not chosen one.",
    )
    language = forms.ChoiceField(
        choices=sorted(dict(global_settings.LANGUAGES).items(), key=lambda language: str(language[1])),
        help_text="The language of contacts who have none of their own.",
    )

    class Meta:
        model = Installation
        fields = ["name", "timezone", "language", "consent_policy", "keep_steps_days", "keep_events_days"]
        widgets = {"consent_policy": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A zone or language that came from elsewhere must survive a save of this page.
        for name in ("timezone", "language"):
            field, value = cast(forms.ChoiceField, self.fields[name]), getattr(self.instance, name)
            if not field.valid_value(value):
                field.choices = [*field.widget.choices, (value, value)]


class ApiKeyForm(forms.Form):
    LIFETIMES = [("", "Never"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year")]

    name = forms.CharField(max_length=200, help_text="What will use it, as in “Shop back end”.")
    everything = forms.BooleanField(required=False, initial=True, label="Full access", help_text="Read and write all.")
    scopes = forms.MultipleChoiceField(
        required=False,
        label="It may only",
        choices=[
            (f"{resource}:{access}", f"{label}: {access}")
            for resource, label in RESOURCES.items()
            for access in ("read", "write")
        ],
        widget=forms.CheckboxSelectMultiple,
    )
    lifetime = forms.ChoiceField(required=False, choices=LIFETIMES, label="Expires")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not data.get("everything") and not data.get("scopes"):
            self.add_error("scopes", "Choose what this key may do.")
        return data

    def scopes_chosen(self) -> list[str]:
        return [EVERYTHING] if self.cleaned_data["everything"] else self.cleaned_data["scopes"]

    def expires_at(self, now: datetime) -> datetime | None:
        days = self.cleaned_data["lifetime"]
        return now + timedelta(days=int(days)) if days else None


class _WithRole(forms.ModelForm):
    role = forms.ChoiceField(choices=Role.choices, widget=forms.RadioSelect, initial=Role.MARKETER)


class PersonCreateForm(_WithRole, BaseUserCreationForm):
    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "first_name", "last_name", "email")

    field_order = ["username", "first_name", "last_name", "email", "role", "password1", "password2"]


class PersonForm(_WithRole):
    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email", "is_active"]
        labels = {"is_active": "May sign in"}
        help_texts = {"username": "", "is_active": "Take this away instead of deleting somebody: their work stays."}

    field_order = ["username", "first_name", "last_name", "email", "role", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].initial = role_of(self.instance)


class ProfileForm(forms.ModelForm):
    timezone = ZoneField(
        empty="The installation’s zone", label="Time zone", help_text="Dates and times are shown to you in this zone."
    )

    class Meta:
        model = User
        fields = ["first_name", "last_name", "email", "timezone"]
