"""Says what keeps a campaign from being sent, and what would be better otherwise."""

from collections.abc import Iterator
from datetime import datetime

from campaigns import objectives, providers
from campaigns.mailings import audience_files, timing
from campaigns.mailings.audience import condition, counted, rule
from campaigns.mailings.deciding import MEASURES
from campaigns.mailings.moves import Problem
from campaigns.models import Campaign, Listed, Provider
from contacts import reaching, segments
from contacts.models.consent import Channel
from contacts.zones import names
from templates_app import checks
from templates_app.models import Template, TemplateVersion

__all__ = ["Problem", "problems", "warnings"]

MOST_VARIANTS = 4
# Fewer than this in each variant's share say little about everybody else.
FEW_TESTED = 100


def problems(campaign: Campaign, now: datetime, *, begins: bool = False) -> list[Problem]:
    """What keeps it from being sent, or from being scheduled where its schedule names a time. Counts nobody.

    With `begins` the time in its schedule may be over: that is when it is sent."""
    found = []
    if not campaign.name.strip():
        found.append(Problem("name", "Give the campaign a name."))
    found += _of_audience(campaign)
    if campaign.channel not in Channel.values:
        return [*found, Problem("channel", "Choose email or SMS.")]
    found += _of_words(campaign)
    found += _of_test(campaign)
    found += _of_schedule(campaign, None if begins else now)
    return [*found, *_of_provider(campaign)]


def _of_audience(campaign: Campaign) -> Iterator[Problem]:
    yield from (Problem("audience", sentence) for sentence in segments.problems(rule(campaign.audience)))
    if sentence := audience_files.unfinished(campaign):
        yield Problem("audience", sentence)
    elif campaign.audience.get("file") and not Listed.objects.filter(campaign=campaign).exists():
        yield Problem("audience", "Nobody in the uploaded file is a contact. Upload another one, or do without it.")


def _of_words(campaign: Campaign) -> Iterator[Problem]:
    if not campaign.variants:
        yield Problem("variants", "Write the message, or choose a template.")
    if len(campaign.variants) > MOST_VARIANTS:
        yield Problem("variants", f"A test has {MOST_VARIANTS} variants at most.")
    for variant in campaign.variants:
        place = f"variants.{variant['key']}"
        if variant.get("template"):
            template = _template(campaign, variant)
            if template is None:
                yield Problem(f"{place}.template", "This template no longer exists.")
            elif template.published is None:
                yield Problem(f"{place}.template", f"The template “{template}” has no published version.")
        else:
            yield from (_placed(place, one) for one in findings(campaign, variant) if one.fatal)


def _template(campaign: Campaign, variant: dict) -> Template | None:
    chosen = Template.objects.select_related("published__template")
    return chosen.filter(pk=variant["template"], channel=campaign.channel).first()


def findings(campaign: Campaign, variant: dict) -> list[checks.Finding]:
    """What there is to say about the words of a variant that is written here, or about its published template."""
    version = version_of(campaign, variant)
    return checks.findings(version) if version else []


def version_of(campaign: Campaign, variant: dict) -> TemplateVersion | None:
    """The words of a variant: those of its template as they are published, if they are, or its own, unsaved."""
    if variant.get("template"):
        template = _template(campaign, variant)
        return template.published if template else None
    plain = TemplateVersion.Markup.TEXT if campaign.channel == Channel.SMS else TemplateVersion.Markup.HTML
    words = {name: variant.get(name) or "" for name in ("subject", "preheader", "body")}
    markup = variant.get("markup") or plain
    return TemplateVersion(template=Template(channel=campaign.channel), markup=markup, **words)


def _placed(place: str, finding: checks.Finding) -> Problem:
    line = f"Line {finding.line}: " if finding.line > 1 else ""
    return Problem(f"{place}.{finding.field}", f"{line}{finding.sentence}")


def _of_test(campaign: Campaign) -> Iterator[Problem]:
    if len(campaign.variants) < 2:
        return
    test = campaign.test
    if not all(test.get(name) is not None for name in ("share_percent", "wait_hours", "measure")):
        yield Problem("test", "Say how many take part in the test, how long it lasts and what it is measured by.")
    elif test["measure"] not in tuple(MEASURES):
        yield Problem("test", f"The best variant is measured by one of {', '.join(MEASURES)}.")
    elif test["measure"] in ("converted", "revenue") and not objectives.objective_of(campaign.origin):
        yield Problem("test", "Say what the campaign is meant to achieve: only then are conversions counted.")
    elif test["measure"] == "revenue" and not objectives.objective_of(campaign.origin).get("value_property"):
        yield Problem("test", "Say which property of the event holds its value, or measure by conversions.")
    elif campaign.channel == Channel.SMS and test["measure"] == "opened":
        yield Problem("test", "Nobody can tell who has opened an SMS. Measure by clicks or conversions.")


def _of_schedule(campaign: Campaign, now: datetime | None) -> Iterator[Problem]:
    schedule = campaign.schedule
    if schedule.get("when") != "at":
        return
    if not schedule.get("at"):
        yield Problem("schedule", "Name the date and time at which it is to be sent.")
    elif schedule.get("timezone") not in (timing.OWN_ZONE, *names()):
        yield Problem("schedule", "Choose the time zone in which that time is meant.")
    elif now is not None and timing.last_moment(campaign) <= now:
        yield Problem("schedule", "That moment is over.")


def _of_provider(campaign: Campaign) -> Iterator[Problem]:
    chosen, kind = campaign.provider, Channel(campaign.channel).label
    if chosen is not None and (not chosen.enabled or chosen.channel != campaign.channel):
        yield Problem("provider", f"The provider “{chosen}” is switched off, or not for {kind}. Choose another one.")
    elif not providers.available(campaign.channel):
        yield Problem("provider", f"There is no provider for {kind}. Add one, or switch one on.")


def warnings(campaign: Campaign, now: datetime) -> list[Problem]:
    """Advice, for the review. Counts the audience; empty while it has problems."""
    if problems(campaign, now, begins=True):
        return []
    found = [
        _placed(f"variants.{variant['key']}", one)
        for variant in campaign.variants
        for one in findings(campaign, variant)
        if not one.fatal
    ]
    reachable = counted(campaign, now).reachable
    if not reachable:
        found.append(Problem("audience", "Nobody in this audience can be written to."))
    return [*found, *_about_test(campaign, reachable), *_about_zones(campaign, now), *_about_provider(campaign)]


def _about_test(campaign: Campaign, reachable: int) -> Iterator[Problem]:
    if len(campaign.variants) < 2:
        return
    words = [{name: text for name, text in one.items() if name != "key"} for one in campaign.variants]
    if any(one in words[:place] for place, one in enumerate(words)):
        yield Problem("variants", "Two variants say the same.")
    share = int(campaign.test["share_percent"])
    each = reachable * share // 100 // len(campaign.variants)
    if reachable and each < FEW_TESTED:
        yield Problem("test", f"About {each:,} contacts get each variant in the test: too few to tell them apart well.")
    if share == 100:
        yield Problem("test", "Everybody takes part in the test, so nobody is left to get the winner.")
    if timing.in_own_zones(campaign):
        yield Problem(
            "test",
            "Whoever gets the winner gets it at the same time of day in their zone, the first time that comes after the"
            " winner is known.",
        )


def _about_zones(campaign: Campaign, now: datetime) -> Iterator[Problem]:
    if timing.in_own_zones(campaign):
        late = timing.late(campaign, reaching.zones(campaign.channel, condition(campaign, now)), now)
        if late:
            who = "1 contact, who gets" if late == 1 else f"{late:,} contacts, who get"
            yield Problem("schedule", f"That time is over already where they live for {who} it at once.")


def _about_provider(campaign: Campaign) -> Iterator[Problem]:
    provider = through(campaign)
    if provider is not None and provider.kind == "local":
        yield Problem("provider", "It goes to the inbox of this installation, and to nobody’s real one.")


def through(campaign: Campaign) -> Provider | None:
    """The provider that its messages go through."""
    return campaign.provider or providers.for_channel(campaign.channel)
