"""Says in words whom a campaign reaches, what it says and when, for people who look at it before or after it left."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from campaigns import objectives
from campaigns.models import Campaign
from contacts import segments
from contacts.models import Segment
from contacts.models.consent import Channel
from templates_app.models import Template

MEASURES = {
    "opened": "was opened most",
    "clicked": "was clicked most",
    "converted": "converted most",
    "revenue": "earned most",
}


@dataclass(frozen=True)
class Words:
    """One variant: its subject (or the beginning of an SMS), and the template that it comes from, if any."""

    key: str
    subject: str
    template: Template | None = None

    @property
    def letter(self) -> str:
        return self.key.upper()


@dataclass(frozen=True)
class Said:
    audience: list[str]
    variants: list[Words]
    test: str
    when: str
    objective: str


def said(campaign: Campaign) -> Said:
    """All of it, with one query for segments, one for templates and one for the objective (two for a segment's)."""
    meant = objectives.objective_of(campaign.origin)
    sentence = f"{objectives.sentence(meant)}." if meant else ""
    return Said(audience(campaign), variants(campaign), test(campaign), when(campaign), sentence)


def audience(campaign: Campaign) -> list[str]:
    """A sentence for each part of the audience."""
    asked: dict[str, Any] = campaign.audience
    included, excluded = asked.get("segments") or [], asked.get("exclude") or []
    names = dict(Segment.objects.filter(pk__in=[*included, *excluded]).values_list("pk", "name"))
    parts = []
    if included:
        parts.append(f"in {_either([_segment(names, pk) for pk in included])}")
    if tags := asked.get("tags"):
        parts.append(f"tagged {_either([f'“{tag}”' for tag in tags])}")
    if asked.get("file"):
        parts.append("in the uploaded file")
    found = [f"Contacts {', or '.join(parts)}." if parts else "All contacts."]
    if excluded:
        found.append(f"Nobody in {_either([_segment(names, pk) for pk in excluded])}.")
    if asked.get("rule"):
        found.append(f"Only if: {segments.sentence(asked['rule'])}.")
    return found


def variants(campaign: Campaign) -> list[Words]:
    ids = [variant["template"] for variant in campaign.variants if variant.get("template")]
    templates = {one.pk: one for one in Template.objects.filter(pk__in=ids).select_related("published")}
    found = []
    for variant in campaign.variants:
        template = templates.get(variant.get("template") or 0)
        written: Any = template.published if template else None
        name = "subject" if campaign.channel == Channel.EMAIL else "body"
        subject = getattr(written, name, "") if variant.get("template") else variant.get(name) or ""
        found.append(Words(variant["key"], " ".join(subject.split())[:200], template))
    return found


def test(campaign: Campaign) -> str:
    asked = campaign.test
    if len(campaign.variants) < 2 or not asked:
        return ""
    share, wait = asked.get("share_percent"), _hours(asked.get("wait_hours", 0))
    best = MEASURES.get(asked.get("measure", ""), "did best")
    return f"{share} % of the audience get the variants; {wait} later everybody else gets the one that {best}."


def when(campaign: Campaign) -> str:
    asked = campaign.schedule
    if asked.get("when") == "at" and asked.get("at"):
        moment = datetime.fromisoformat(asked["at"])
        zone = asked.get("timezone") or timezone.get_default_timezone_name()
        place = "in each contact’s own time zone" if zone == "contact" else f"in the zone {zone.replace('_', ' ')}"
        begins = f"On {moment:%A} {moment.day} {moment:%B %Y at %H:%M}, {place}"
    else:
        begins = "As soon as it is sent"
    spread = asked.get("spread_hours")
    return f"{begins}, spread over {_hours(spread)}." if spread else f"{begins}."


def duration(seconds: float) -> str:
    """“a few seconds”, “12 minutes”, “5 hours”, “2 days”: rounded up."""
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            n = math.ceil(seconds / size)
            return f"{n} {name}{'' if n == 1 else 's'}"
    return "less than a minute"


def _segment(names: dict[int, str], pk: int) -> str:
    return f"“{names[pk]}”" if pk in names else "a segment that was deleted"


def _either(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]


def _hours(hours: float) -> str:
    return f"{hours:g} hour{'' if hours == 1 else 's'}"
