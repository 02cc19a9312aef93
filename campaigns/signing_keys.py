"""Keeps the key with which an account's mails are signed: makes or takes it, shows its DNS record, switches it on."""

import re
from secrets import token_hex
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from campaigns import dkim, secrets
from campaigns.dkim import BadKey, Signer
from campaigns.models import DkimKey, Provider
from campaigns.tracking.settings import host

_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class DkimForm(forms.Form):
    domain = forms.CharField(
        max_length=253, help_text="That of the sender’s address, so that receivers see both agree (DMARC)."
    )
    selector = forms.CharField(
        max_length=63, initial="waypost", help_text="Tells keys of one domain apart. Choose a new one for a new key."
    )
    private_key = forms.CharField(
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "placeholder": "-----BEGIN PRIVATE KEY-----"}),
        label="Private key",
        help_text="Empty: one is made for you. Kept encrypted, and never shown again.",
    )

    def clean_domain(self) -> str:
        return host(self.cleaned_data["domain"]) or self._missing()

    def clean_selector(self) -> str:
        selector = self.cleaned_data["selector"].strip().lower()
        if not _SELECTOR.fullmatch(selector):
            raise ValidationError("Use small letters, digits and hyphens, as in “waypost” or “2026-11”.")
        return selector

    def clean_private_key(self) -> str:
        text = self.cleaned_data["private_key"].strip()
        try:
            if text:
                dkim.key_of(text)
        except BadKey as error:
            raise ValidationError(str(error)) from error
        return text

    def _missing(self) -> Any:
        raise ValidationError("This field is required.")


def suggested(provider: Provider) -> dict[str, str]:
    return {"domain": str(provider.settings.get("from_email", "")).rpartition("@")[2], "selector": "waypost"}


@transaction.atomic
def keep(provider: Provider, form: DkimForm) -> DkimKey:
    """A new key takes the place of the former one, and signs nothing until it is switched on: its record has to be in
    the DNS first."""
    text = form.cleaned_data["private_key"] or dkim.new_key()
    key, _ = DkimKey.objects.update_or_create(
        provider=provider,
        defaults={
            "domain": form.cleaned_data["domain"],
            "selector": form.cleaned_data["selector"],
            "secret": secrets.encrypt({"key": text}),
            "enabled": False,
        },
    )
    _reconnect(provider)
    return key


@transaction.atomic
def switch(provider: Provider, on: bool) -> bool:
    """Returns whether anything changed."""
    changed = DkimKey.objects.filter(provider=provider, enabled=not on).update(enabled=on) > 0
    if changed:
        _reconnect(provider)
    return changed


@transaction.atomic
def forget(provider: Provider) -> None:
    DkimKey.objects.filter(provider=provider).delete()
    _reconnect(provider)


def _reconnect(provider: Provider) -> None:
    """Workers that hold a connection to the account open a new one, with the key as it is then."""
    locked = Provider.objects.select_for_update().get(pk=provider.pk)
    locked.settings["dkim_revision"] = token_hex(4)
    locked.save(update_fields=["settings"])


def record(key: DkimKey) -> tuple[str, str]:
    """The DNS record: (name, value). Raises secrets.Unreadable."""
    return f"{key.selector}._domainkey.{key.domain}", dkim.dns_value(_key(key))


def signer(provider: Provider) -> Signer | None:
    """Who signs the account's mails, if anybody does. Raises secrets.Unreadable."""
    key = DkimKey.objects.filter(provider=provider, enabled=True).first()
    return Signer(key.domain, key.selector, _key(key)) if key else None


def _key(key: DkimKey) -> Any:
    return dkim.key_of(secrets.decrypt(key.secret)["key"])
