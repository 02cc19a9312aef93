"""Makes the settings form of an email service from its row in the table."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from campaigns.providers import _api_addresses, _senders
from campaigns.providers._esp_specs import Spec
from campaigns.providers.base import SettingsForm, one_line


class EspForm(SettingsForm):
    """What every email service needs; `made_for` adds what one of them wants besides."""

    also_called: ClassVar[Mapping[str, str]] = {"from": "from_email", "api_base_url": "api_url"}
    destinations = ("api_url", "region")

    from_name = forms.CharField(
        required=False, max_length=200, validators=[one_line], initial=_senders.default_name, label="Sender’s name"
    )
    from_email = forms.EmailField(label="Sender’s address", help_text="Of a domain that is verified with the service.")
    parallel = forms.IntegerField(
        min_value=1,
        max_value=100,
        initial=32,
        label="Requests at once",
        help_text="So many requests each worker keeps in the air; fewer where the service limits them.",
    )
    soft_bounces = forms.IntegerField(
        min_value=0,
        max_value=50,
        initial=3,
        label="Soft bounces in a row",
        help_text="After so many an address is not written to any more. 0: only hard bounces count.",
    )
    soft_bounce_days = forms.IntegerField(
        min_value=1, max_value=365, initial=30, label="… within days", help_text="Older ones are forgotten."
    )
    api_url = forms.CharField(
        required=False,
        max_length=500,
        validators=[one_line],
        label="API address",
        help_text="Empty for the service itself. Another one for its other regions, a proxy or a test server.",
    )
    timeout = forms.IntegerField(
        min_value=1, max_value=120, initial=20, help_text="Seconds to wait for an answer of the service."
    )

    def clean_api_url(self) -> str:
        url = str(self.cleaned_data["api_url"] or "").strip()
        if url:
            _api_addresses.check(url)
        return url


def made_for(spec: Spec) -> type[EspForm]:
    wanted = {**spec.settings, **spec.secrets}
    signing = {spec.signing[0]: spec.signing[1]} if spec.signing else {}
    fields: dict[str, Any] = {
        name: forms.CharField(
            label=each.label,
            help_text=each.help,
            required=each.required,
            initial=each.initial or None,
            max_length=4000,
            validators=[one_line],
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )
        for name, each in {**wanted, **signing}.items()
    }
    if not spec.api_url:
        fields["api_url"] = forms.CharField(
            max_length=500,
            validators=[one_line],
            label="API address",
            help_text=spec.where,
        )
    if spec.unsubscribes:
        name, each = spec.unsubscribes
        fields[name] = forms.BooleanField(label=each.label, help_text=each.help, required=False)
    own = {
        "secrets": (*spec.secrets, *signing),
        "staying": tuple(signing),
        "required_secrets": tuple(name for name, each in spec.secrets.items() if each.required),
        "field_order": [*wanted, "from_name", "from_email", *signing],
    }
    return type(f"{spec.key.title()}Form", (EspForm,), fields | own)
