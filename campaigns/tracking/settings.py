"""Sets how links in messages look, which visits to them count, and what is added to where they lead."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings

from campaigns.tracking import addresses, utm
from contacts.models import Installation

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
_MOST_FORMER = 20


class TrackingForm(forms.ModelForm):
    class Meta:
        model = Installation
        fields = ["tracking_domain", "count_machine_opens", "count_machine_clicks", "utm_on", *utm.NAMES]
        labels = {"tracking_domain": "Tracking domain", **{name: name for name in utm.NAMES}}
        widgets = {
            "tracking_domain": forms.TextInput(attrs={"placeholder": "links.example.com", "spellcheck": "false"})
        }

    def __init__(self, *args: Any, here: str = "", **kwargs: Any) -> None:
        """`here`: under which host the form is looked at."""
        super().__init__(*args, **kwargs)
        self.here = here

    def clean_tracking_domain(self) -> str:
        domain = host(self.cleaned_data["tracking_domain"])
        if domain and domain == self.here:
            # From the next request on this page would not be there any more.
            raise forms.ValidationError(
                "You are using Waypost under this name, and nothing but links is answered there."
            )
        return domain

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name in utm.NAMES:
            wrong = utm.unknown(data.get(name) or "")
            if wrong:
                known = ", ".join(f"{{{each}}}" for each in utm.PLACEHOLDERS)
                self.add_error(name, f"There is no {{{wrong[0]}}}. Known are {known}.")
        if data.get("utm_on") and not any(data.get(name) for name in utm.NAMES) and not self.errors:
            self.add_error("utm_on", "Fill in at least one parameter, or leave this off.")
        return data

    def save(self, commit: bool = True) -> Installation:
        """A domain that is given up goes on answering, for the mails that carry it."""
        installation = self.instance
        before = self.initial["tracking_domain"]
        former = [each for each in installation.former_tracking_domains if each != installation.tracking_domain]
        if before and before != installation.tracking_domain:
            former = [before, *(each for each in former if each != before)][:_MOST_FORMER]
        installation.former_tracking_domains = former
        installation.save(update_fields=[*self.fields, "former_tracking_domains"])
        addresses.forget()
        return installation


def host(written: str) -> str:
    """A host name as it stands in addresses, also for who pastes a whole address. Raises ValidationError."""
    text = written.strip().lower().removeprefix("https://").rstrip("/.")
    if not text:
        return ""
    try:
        text = text.encode("idna").decode()
    except UnicodeError:
        text = ""
    if len(text) > 253 or not _HOST.fullmatch(text):
        raise forms.ValidationError("Write a host name only, as in links.example.com.")
    if text == urlsplit(settings.PUBLIC_URL).hostname:
        raise forms.ValidationError("That is the address of this installation. Choose another, or leave this empty.")
    return text


def record(domain: str) -> tuple[str, str, str]:
    """The DNS record that a domain needs: (name, type, value)."""
    target = urlsplit(settings.PUBLIC_URL).hostname or ""
    if re.fullmatch(r"[\d.]+", target):
        return domain, "A", target
    return domain, "AAAA" if ":" in target else "CNAME", target if ":" in target else f"{target}."


def placeholders() -> Iterator[tuple[str, str]]:
    for name, meaning in utm.PLACEHOLDERS.items():
        yield f"{{{name}}}", meaning
