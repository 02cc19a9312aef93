"""Django system checks that name a bad setting and its cure."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import NotSupportedError, OperationalError, connections

SETTINGS_TAG = "settings"
OLDEST_POSTGRES = 15


@register(SETTINGS_TAG)
def environment(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(problem.sentence, hint=problem.cure, obj=problem.setting, id="waypost.E001")
        for problem in settings.ENVIRONMENT_PROBLEMS
    ]


@register(Tags.database)
def database(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    if "default" not in (databases or []) or settings.ENVIRONMENT_PROBLEMS:
        return []
    connection = connections["default"]
    try:
        connection.ensure_connection()
        version = (
            connection.cursor().execute("SELECT current_setting('server_version_num')::int").fetchone()[0] // 10000
        )
    except OperationalError as error:
        sentence = f"The database does not answer: {str(error).strip()}"
        return [Error(sentence, hint="Check DATABASE_URL, and that the server runs.", id="waypost.E002")]
    except NotSupportedError:
        version = 0  # older than Django itself supports
    if version < OLDEST_POSTGRES:
        found = f"PostgreSQL {version}" if version else "too old"
        sentence = f"The database server is {found}, and Waypost needs PostgreSQL {OLDEST_POSTGRES} or newer."
        hint = "Upgrade it, or leave DATABASE_URL out to use the embedded one."
        return [Error(sentence, hint=hint, obj="DATABASE_URL", id="waypost.E003")]
    return []


@register(Tags.security, deploy=True)
def hosts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    sentence = "ALLOWED_HOSTS is *, so a request may name any host."
    hint = "Set it to the names under which people and contacts reach Waypost."
    return [Warning(sentence, hint=hint, obj="ALLOWED_HOSTS", id="waypost.W001")]


def refuse_bad_settings() -> None:
    """Raise for entry points that make no system checks, such as WSGI."""
    if problems := settings.ENVIRONMENT_PROBLEMS:
        raise ImproperlyConfigured(" ".join(f"{problem.sentence} {problem.cure}" for problem in problems))
