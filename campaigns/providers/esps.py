"""Email services with an API over HTTP, spoken to by the backends of django-anymail."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formataddr
from importlib import import_module
from typing import Any

from anymail.exceptions import AnymailNotSupportedWarning

from campaigns import secrets
from campaigns.models import Provider
from campaigns.providers import _esp_forms, _esp_probes
from campaigns.providers._esp_connection import EspConnection
from campaigns.providers._esp_specs import SPECS, Spec
from campaigns.providers._unusable import Unusable
from campaigns.providers.base import Kind, Result

# Anymail no longer tests one of them against the service itself; our tests speak its documented protocol.
warnings.filterwarnings("ignore", category=AnymailNotSupportedWarning)


class Esp(Kind):
    icon = "mails"
    channels = ("email",)
    group = "Email services"
    order = 30

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.label, self.hint = spec.label, spec.hint
        self.Form = _esp_forms.made_for(spec)
        self.hears, self.hearing = bool(spec.hearing), spec.hearing
        self.signing = spec.signing[1].label if spec.signing else ""

    @contextmanager
    def connect(self, provider: Provider) -> Iterator[EspConnection | Unusable]:
        try:
            known = secrets.decrypt(provider.secrets)
        except secrets.Unreadable as error:
            yield Unusable(str(error))
            return
        backend = import_module(f"anymail.backends.{self.spec.key}").EmailBackend
        connection = EspConnection(
            self.spec,
            backend,
            self._options(provider.settings, known),
            self.sender(provider),
            provider.settings["parallel"],
            self._unsubscribes(provider.settings),
        )
        try:
            yield connection
        finally:
            connection.close()

    def _unsubscribes(self, settings: Mapping[str, Any]) -> str:
        name = self.spec.unsubscribes[0] if self.spec.unsubscribes else ""
        return name if settings.get(name) else ""

    def probe(self, provider: Provider) -> Result | None:
        try:
            options = self._options(provider.settings, secrets.decrypt(provider.secrets))
        except secrets.Unreadable as error:
            return Result("failed", reason=str(error), temporary=True, outage=True)
        return _esp_probes.probe(self.spec.key, self.label, options.get("api_url") or self.spec.api_url, options)

    def _options(self, settings: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
        names = [*self.spec.settings, *self.spec.secrets, "api_url", "timeout"]
        options = {name: known.get(name) or settings.get(name) for name in names}
        return {name: value for name, value in options.items() if value}

    def summary(self, settings: Mapping[str, Any]) -> str:
        return f"From {settings['from_email']}"

    def sender(self, provider: Provider) -> str:
        return formataddr((provider.settings.get("from_name", ""), provider.settings["from_email"]))


kinds = {spec.key: Esp(spec) for spec in SPECS}
