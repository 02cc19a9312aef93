"""Says of each thing that people write into a campaign whether it makes sense, and how it is kept."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from campaigns.courtesy.rules import MOST_LATE_HOURS
from campaigns.mailings import timing
from campaigns.mailings.audience import rule
from campaigns.mailings.deciding import MEASURES
from campaigns.models import Campaign, Priority, Provider
from contacts import segments, tagging, topics
from contacts.json_limits import text_problem
from contacts.models.consent import Channel
from contacts.zones import names
from templates_app import design_field
from templates_app.models import TemplateVersion

MOST_VARIANTS = 4
KEYS = "abcd"
MOST_BODY = 500_000
LONGEST_WAIT = 24 * 14
MOST_CHOSEN = 100
WORDS = {"subject": 500, "preheader": 500, "body": MOST_BODY}

Errors = dict[str, list[str]]


class Wrong(Exception):
    """Something that makes no sense; the text is a sentence, `place` what follows the field's name."""

    def __init__(self, sentence: str, place: str = "") -> None:
        super().__init__(sentence)
        self.place = place


def clean(given: Mapping[str, Any], channel: str) -> tuple[dict[str, Any], Errors]:
    """What is to be kept of what was given, and what is wrong, by field. `channel` is the one it has so far."""
    cleaned: dict[str, Any] = {}
    errors: Errors = {name: ["Campaigns have no such field."] for name in given if name not in CLEANERS}
    if given.get("channel") in Channel.values:
        channel = given["channel"]
    for name in given:
        if name in CLEANERS:
            try:
                cleaned[name] = CLEANERS[name](given[name], channel)
            except Wrong as wrong:
                errors.setdefault(f"{name}{wrong.place}", []).append(str(wrong))
    return cleaned, errors


def _text(value: Any, longest: int, place: str = "") -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Wrong("This is not a text.", place)
    if problem := text_problem(value, longest):
        raise Wrong(problem, place)
    return value


def _name(value: Any, channel: str) -> str:
    name = _text(value, 200).strip()
    if not name:
        raise Wrong("Give the campaign a name.")
    return name


def _channel(value: Any, channel: str) -> str:
    if value and value not in Channel.values:
        raise Wrong("Choose email or SMS.")
    return value or ""


def _topic(value: Any, channel: str) -> str:
    key = _text(value, 100).strip()
    if sentence := topics.problem(key):
        raise Wrong(sentence)
    return key


def _utm(value: Any, channel: str) -> str:
    if value not in (None, "", "on", "off"):
        raise Wrong("UTM parameters are “on”, “off”, or empty for what the installation says.")
    return value or ""


def _priority(value: Any, channel: str) -> int:
    if isinstance(value, bool) or value not in Priority.values:
        raise Wrong("A priority is 1 (high), 0 (normal) or -1 (low).")
    return int(value)


def _late_hours(value: Any, channel: str) -> int | None:
    if value in (None, ""):
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_LATE_HOURS:
        raise Wrong(f"Give a whole number of hours from 1 to {MOST_LATE_HOURS:,}.")
    return value


def _provider(value: Any, channel: str) -> int | None:
    if value is None or value == "":
        return None
    known = {str(pk) for pk in Provider.objects.filter(channel=channel).values_list("pk", flat=True)}
    if isinstance(value, bool) or str(value) not in known:
        raise Wrong("There is no such provider for this channel.")
    return int(value)


def _object(value: Any, known: tuple[str, ...]) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Wrong("This is not an object.")
    if unknown := [str(key)[:50] for key in value if key not in known]:
        raise Wrong(f"There is no “{unknown[0]}” in it: it has {', '.join(known)}.")
    return dict(value)


def _audience(value: Any, channel: str) -> dict[str, Any]:
    given = _object(value, tuple(Campaign().audience))
    found = Campaign().audience | {name: item for name, item in given.items() if item is not None}
    for name in ("segments", "exclude"):
        if not _is_list(found[name], int):
            raise Wrong(f"“{name}” is a list of the ids of segments.")
    if not _is_list(found["tags"], str):
        raise Wrong("“tags” is a list of names.")
    if not isinstance(found["file"], bool):
        raise Wrong("“file” is true or false.")
    try:
        found["tags"] = [tagging.clean_name(name) for name in found["tags"] if name.strip()]
    except ValidationError as error:
        raise Wrong(" ".join(error.messages)) from error
    if problems := segments.problems(rule(found)):
        raise Wrong(" ".join(problems))
    return found


def _is_list(value: Any, kind: type) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MOST_CHOSEN
        and all(isinstance(each, kind) and not isinstance(each, bool) for each in value)
    )


def _variants(value: Any, channel: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise Wrong("Give a list of variants, each with a template or with words.")
    if len(value) > MOST_VARIANTS:
        raise Wrong(f"A test has {MOST_VARIANTS} variants at most.")
    found = [_variant(each, KEYS[place], channel) for place, each in enumerate(value)]
    if len({variant["key"] for variant in found}) < len(found):
        raise Wrong("Two variants have the same key.")
    return found


def _variant(given: Mapping[str, Any], usual: str, channel: str) -> dict[str, Any]:
    key = given.get("key") or usual
    if key not in tuple(KEYS):
        raise Wrong(f"The key of a variant is one of {', '.join(KEYS)}.")
    place = f".{key}"
    for name in given:
        if name not in ("key", "template", "markup", "design", *WORDS):
            raise Wrong(f"Variants have no “{str(name)[:50]}”.", place)
    words = {name: _text(given.get(name), longest, f"{place}.{name}") for name, longest in WORDS.items()}
    if channel == Channel.SMS:
        words |= {"subject": "", "preheader": ""}
    template, design = given.get("template"), given.get("design")
    if design and channel == Channel.EMAIL and not template:
        return {"key": key, "template": None, **words, **_designed(design, f"{place}.design"), "design": design}
    if design:
        raise Wrong("Only an email that is written here is made of blocks.", f"{place}.design")
    if template is None or template == "":
        return {"key": key, "template": None, **words, "markup": _markup(given.get("markup"), channel, place)}
    if isinstance(template, bool) or not str(template).isdecimal() or not 0 < int(template) < 2**63:
        raise Wrong("A template is named by its id.", f"{place}.template")
    if any(text.strip() for text in words.values()):
        raise Wrong("Choose a template or write the message here, not both.", f"{place}.template")
    return {"key": key, "template": int(template), **words, "markup": ""}


def _designed(design: Any, place: str) -> dict[str, Any]:
    try:
        return design_field.words(design_field.DesignField().clean(design))
    except ValidationError as error:
        raise Wrong(" ".join(error.messages), place) from error


def _markup(value: Any, channel: str, place: str) -> str:
    if channel == Channel.SMS:
        return TemplateVersion.Markup.TEXT.value
    known = (TemplateVersion.Markup.HTML.value, TemplateVersion.Markup.MJML.value)
    if value and value not in known:
        raise Wrong(f"The markup of an email is {' or '.join(known)}.", f"{place}.markup")
    return value or known[0]


def _number(value: Any, least: float, most: float, sentence: str) -> float | int:
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None or not least <= number <= most:
        raise Wrong(sentence)
    return int(number) if number.is_integer() else number


def _test(value: Any, channel: str) -> dict[str, Any]:
    given = _object(value, ("share_percent", "wait_hours", "measure"))
    found: dict[str, Any] = {}
    if given.get("share_percent") not in (None, ""):
        found["share_percent"] = _number(given["share_percent"], 1, 100, "The share of the test is 1 to 100 percent.")
        if not isinstance(found["share_percent"], int):
            raise Wrong("The share of the test is a whole number of percent.")
    if given.get("wait_hours") not in (None, ""):
        sentence = f"The test lasts between a quarter of an hour (0.25) and {LONGEST_WAIT} hours."
        found["wait_hours"] = _number(given["wait_hours"], 0.25, LONGEST_WAIT, sentence)
    if given.get("measure"):
        if given["measure"] not in tuple(MEASURES):
            raise Wrong(f"The best variant is measured by one of {', '.join(MEASURES)}.")
        found["measure"] = given["measure"]
    return found


def _schedule(value: Any, channel: str) -> dict[str, Any]:
    given = _object(value, ("when", "at", "timezone", "spread_hours"))
    found: dict[str, Any] = {}
    if given.get("when"):
        if given["when"] not in ("now", "at"):
            raise Wrong("“when” is now or at.")
        found["when"] = given["when"]
    if found.get("when") == "at":
        found["at"] = _moment(given.get("at"))
        found["timezone"] = given.get("timezone") or ""
        if found["timezone"] and found["timezone"] not in (timing.OWN_ZONE, *names()):
            raise Wrong(f"“{str(found['timezone'])[:50]}” is not a time zone. Use an IANA name such as Europe/Paris.")
    if given.get("spread_hours") not in (None, "", 0):
        sentence = f"It is spread over more than 0 and at most {timing.MOST_SPREAD_HOURS} hours."
        found["spread_hours"] = _number(given["spread_hours"], 0.01, timing.MOST_SPREAD_HOURS, sentence)
    return found


def _moment(value: Any) -> str:
    if value is None or value == "":
        return ""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None or not 2000 <= moment.year <= 2200:
        raise Wrong("Give a local date and time such as 2026-12-24T09:00; the time zone has a field of its own.")
    return moment.isoformat(timespec="minutes")


CLEANERS: dict[str, Callable[[Any, str], Any]] = {
    "name": _name,
    "channel": _channel,
    "audience": _audience,
    "variants": _variants,
    "test": _test,
    "schedule": _schedule,
    "topic": _topic,
    "utm": _utm,
    "provider": _provider,
    "priority": _priority,
    "late_hours": _late_hours,
}
