"""Reads the environment for `config.settings`; what is wrong with it is written down, with the cure, not raised."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit
from zoneinfo import available_timezones

import environ

from config import lost_hosts

Value = TypeVar("Value")

DATABASE_SCHEMES = ("postgres", "postgresql", "psql", "pgsql")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True)
class Problem:
    """A setting with a bad value: what is wrong, and what to do about it, as sentences."""

    setting: str
    sentence: str
    cure: str


@dataclass
class Environment:
    """The environment's values; one that cannot be used becomes a Problem, and the default stands in for it."""

    env: environ.Env = field(default_factory=environ.Env)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, setting: str, sentence: str, cure: str) -> None:
        self.problems.append(Problem(setting, sentence, cure))

    def text(self, name: str, default: str = "") -> str:
        return self.env.str(name, default=default).strip()

    def number(self, name: str, default: int, least: int, most: int) -> int:
        text = self.text(name)
        if not text or (text.isdecimal() and least <= int(text) <= most):
            return int(text) if text else default
        self.refuse(name, f"{name} is “{text}”.", f"Set it to a whole number from {least} to {most}.")
        return default

    def yes(self, name: str) -> bool:
        text = self.text(name).lower()
        if text not in ("", "0", "1", "true", "false", "yes", "no", "on", "off"):
            self.refuse(name, f"{name} is “{text}”.", "Set it to true or false.")
        return text in ("1", "true", "yes", "on")

    def names(self, name: str, default: list[str]) -> list[str]:
        return [part.strip() for part in self.text(name).split(",") if part.strip()] or default

    def one_of(self, name: str, choices: tuple[str, ...], default: str) -> str:
        text = self.text(name) or default
        if text not in choices:
            self.refuse(name, f"{name} is “{text}”.", f"Set it to one of {', '.join(choices)}.")
            return default
        return text

    def secret(self, name: str, made: Callable[[], str]) -> str:
        text = self.text(name)
        if text and (len(text) < 32 or len(set(text)) < 5):
            self.refuse(
                name, f"{name} is too easy to guess.", "Set it to at least 32 random characters, or leave it out."
            )
        return text or made()

    def zone(self, name: str, default: str) -> str:
        text = self.text(name) or default
        if text not in available_timezones():
            self.refuse(
                name, f"{name} is “{text}”, an unknown time zone.", "Set it to an IANA name such as Europe/Paris."
            )
            return default
        return text

    def currency(self, name: str, default: str) -> str:
        text = self.text(name).upper() or default
        if not re.fullmatch("[A-Z]{3}", text):
            self.refuse(name, f"{name} is “{text}”.", "Set it to a code of three letters such as EUR or USD.")
            return default
        return text

    def address(self, name: str, default: str) -> str:
        """The address of a site, without a slash at its end."""
        text = self.text(name).rstrip("/")
        if not text:
            return default
        try:
            parts = urlsplit(text)
            good = parts.scheme in ("http", "https") and parts.hostname and not parts.query and not parts.fragment
            good = good and (parts.port is None or parts.port > 0) and not re.search(r"\s", text)
        except ValueError:
            good = False
        if not good:
            self.refuse(name, f"{name} is “{text}”.", "Set it to an address such as https://waypost.example.com.")
            return default
        return text

    def rate(self, name: str, default: str) -> str:
        text = self.text(name) or default
        if not re.fullmatch(r"[1-9]\d*/(s|m|h|d|sec|min|hour|day|second|minute)", text):
            self.refuse(name, f"{name} is “{text}”.", "Set it to a number and a time, such as 6000/min.")
            return default
        return text

    def cache(self, name: str, default: dict[str, Any]) -> dict[str, Any]:
        if not self.text(name):
            return default
        try:
            return self.env.cache_url(name)
        except Exception as error:  # django-environ raises whatever its parsing of a strange URL comes upon
            self.refuse(name, f"{name} is not a cache address ({error}).", "Set it to one such as redis://host:6379/1.")
            return default

    def database(self, name: str, default: Callable[[], str]) -> dict[str, Any]:
        """One entry of DATABASES; `default` gives the URL where none is set."""
        text = self.text(name)
        scheme = text.partition(":")[0]
        if text and scheme not in DATABASE_SCHEMES:
            cure = "Set it to postgres://user:password@host/name, or leave it out to use the embedded PostgreSQL."
            self.refuse(name, f"{name} begins with “{scheme}:”, and Waypost runs on PostgreSQL only.", cure)
            return {"ENGINE": "django.db.backends.dummy"}
        try:
            url = text or default()
            database = environ.Env.db_url_config(url)
            socket = parse_qs(urlsplit(url).query).get("host")
        except Exception as error:  # as above
            cure = "Set it to postgres://user:password@host/name." if text else "See the message."
            self.refuse(name, f"{name} cannot be used: {error}" if text else str(error), cure)
            return {"ENGINE": "django.db.backends.dummy"}
        if socket:  # a server on a socket is named in the URL's `host` parameter
            database["HOST"] = socket[0]
            database.get("OPTIONS", {}).pop("host", None)
        options = database.setdefault("OPTIONS", {})
        database["OPTIONS"] = {"connect_timeout": 10, **({} if socket else lost_hosts.OPTIONS), **options}
        return {**database, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
