"""Says in which language a contact is spoken to where the words are Waypost's own: on public pages and in its mails."""

from collections.abc import Iterator
from contextlib import contextmanager

from babel import Locale
from babel.core import UnknownLocaleError
from django.conf import global_settings, settings
from django.conf.locale import LANG_INFO
from django.utils import timezone, translation
from django.utils.text import capfirst
from django.utils.translation.trans_real import parse_accept_lang_header

from contacts import zones
from contacts.models import Contact, Installation


def language_for(contact: Contact | None, installation: Installation, accepted: str = "") -> str:
    """The first that there are words in: the contact's, what their browser asks for (an Accept-Language header), the
    installation's; else English."""
    asked = [wish for wish, _ in parse_accept_lang_header(accepted) if wish != "*"]
    for wish in (contact.language if contact else "", *asked, installation.language):
        if found := _spoken(wish):
            return found
    return settings.LANGUAGE_CODE


def _spoken(wish: str) -> str:
    """For "pt-BR" it is "pt"."""
    try:
        return translation.get_supported_language_variant(wish.lower().replace("_", "-")) if wish else ""
    except LookupError:
        return ""


@contextmanager
def spoken_to(contact: Contact | None, installation: Installation, accepted: str = "") -> Iterator[str]:
    """Inside, words, numbers and dates are as this contact has them. Yields the language."""
    language = language_for(contact, installation, accepted)
    zone = (contact.timezone if contact else "") or installation.zone_name
    with translation.override(language), timezone.override(zones.zone(zone) if zone in zones.names() else None):
        yield language


def languages(also: str = "") -> list[tuple[str, str]]:
    """What a contact can choose, each called as those call it who speak it; `also` is what they have already."""
    found = {code: capfirst(str(LANG_INFO[code]["name_local"])) for code, _ in global_settings.LANGUAGES}
    if also and also not in found:
        found[also] = called(also)
    return sorted(found.items(), key=lambda each: each[1].casefold())


def called(code: str) -> str:
    """What those who speak a language call it; the code where nobody knows."""
    if code.lower() in LANG_INFO and "name_local" in LANG_INFO[code.lower()]:
        return capfirst(str(LANG_INFO[code.lower()]["name_local"]))
    try:
        return capfirst(Locale.parse(code, sep="-").get_display_name() or code)
    except (UnknownLocaleError, ValueError):
        return code
