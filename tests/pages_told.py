"""Reads every number that pages, activities and the API tell, and says which are not what plain loops count."""

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from campaigns import conversion_stats
from campaigns.mailings import lists, outcomes
from campaigns.mailings import stats as campaign_stats
from campaigns.models import Campaign
from campaigns.models.domain_count import DOMAIN_METRICS
from campaigns.origins import all_places
from campaigns.reports import domains as domain_report
from campaigns.reports import links
from campaigns.reports.day_stats import by_day as days_of_all
from config import glance, overview
from contacts.periods import Period, preset
from flows import node_numbers, period_stats, present, stats, variants
from flows.cohorts import cohorts
from flows.funnel import funnel
from flows.models import Scenario
from tests.facts import Facts

MESSAGES = (
    "sent",
    "delivered",
    "opened",
    "clicked",
    "bounced",
    "complained",
    "unsubscribed",
    "skipped",
    "unknown",
    "converted",
)
OF_CAMPAIGNS = (*MESSAGES, "failed", "machine_opened", "machine_clicked")  # fmt: skip
Pairs = Iterator[tuple[str, Any, Any]]
Api = Callable[[str], Any]


def differences(pairs: Pairs) -> dict[str, tuple[Any, Any]]:
    """What is told wrong → (what is told, what is counted)."""
    found = {}
    for what, told, counted in pairs:
        assert what not in found
        if told != counted:
            found[what] = told, counted
    return found


def spans(now: datetime, first: date) -> dict[str, tuple[Period, tuple[date, date] | None]]:
    today = now.date()
    few = Period(first + timedelta(days=2), first + timedelta(days=9))
    return {
        "all": (preset("all", today), None),
        "week": (week := preset("7", today), (week.first, week.last)),
        "few": (few, (few.first, few.last)),
    }


def _named(counts: Counter[str]) -> dict[str, int]:
    """Passes fail, and messages fail."""
    return {metric: counts[metric] for metric in MESSAGES} | {"messages_failed": counts["failed"]}


def _some(counts: dict[str, int], *but: str) -> dict[str, int]:
    return {metric: n for metric, n in counts.items() if n and not metric.startswith(but or ("\0",))}


def of_home(facts: Facts, today: date) -> Pairs:
    """The figures, what runs, and what is being sent."""
    days = glance.counted(today)
    recent = today - timedelta(days=29), today
    before = today - timedelta(days=59), today - timedelta(days=30)
    last, earlier = facts.counted(facts.messages, recent), facts.counted(facts.messages, before)
    for (metric, _), figure in zip(glance.SHOWN, glance.figures(days, today), strict=True):
        yield f"home {metric}", (figure.total, figure.before), (last[metric], earlier[metric])
    for scenario in overview.running(100):
        entered, sent = facts.whole_passes(scenario)["entered"], facts.counted(facts.of_origin(scenario.origin))["sent"]
        counts = {"entered": entered, "inside": facts.inside(scenario), "sent": sent}
        yield f"home runs {scenario}", scenario.counts, counts
    running = Scenario.objects.filter(state="running")
    yield "home inside", overview.inside(), sum(facts.inside(scenario) for scenario in running)
    for campaign in overview.sending(100):
        over = [one.state not in ("queued", "sending") for one in facts.of_origin(campaign.origin)]
        yield f"home sends {campaign}", (campaign.done, campaign.queued), (sum(over), len(over))
    everything = {day: dict(counts) for day, counts in facts.by_day(facts.messages).items()}
    yield "days of all", days_of_all(None, Period(date(2000, 1, 1), date(2200, 1, 1))), everything


def of_campaign(facts: Facts, campaign: Campaign, now: datetime, api: Api) -> Pairs:
    """Its page, its line in the list and the API."""
    whole = facts.of_origin(campaign.origin)
    told = campaign_stats.numbers(campaign)
    parts = {variant["key"]: facts.of_origin(f"{campaign.origin}:{variant['key']}") for variant in campaign.variants}
    for name, numbers, messages in [
        ("total", told["total"], whole),
        *((key, told["variants"][key], messages) for key, messages in parts.items()),
    ]:
        counted = facts.counted(messages)
        wanted = {metric: counted[metric] for metric in OF_CAMPAIGNS} | {"queued": len(messages)}
        yield f"campaign {name}", {m: n for m, n in numbers.items() if m != "reasons"}, wanted
        yield f"campaign {name} reasons", numbers["reasons"], dict(facts.why_skipped(messages))
    over = sum(one.state not in ("queued", "sending") for one in whole)
    yield "campaign done", told["progress"]["done"], over
    yield "campaign API", api(f"campaigns/{campaign.pk}/stats/"), told
    page = outcomes.outcome(campaign, now)
    for name, rates, messages in [
        ("total", page.total, whole),
        *zip(parts, page.variants, parts.values(), strict=True),
    ]:
        counted = facts.counted(messages)
        for metric in outcomes.FOLLOWED:
            of = counted["sent"] + (counted["bounced"] if metric == "bounced" else 0)
            yield f"campaign {name} {metric}", rates.rate[metric], 100 * counted[metric] / of if of else None
    yield "campaign revenue", page.revenue, conversion_stats.money(facts.earned(whole))
    for rates, messages in zip(page.variants, parts.values(), strict=True):
        yield f"revenue of {rates.words}", rates.revenue, conversion_stats.money(facts.earned(messages))
    (line,) = lists.lines([campaign])
    counted = facts.counted(whole)
    yield "campaign in the list", (line.messages, line.sent), (len(whole), counted["sent"])
    yield "its clicks in the list", line.clicked, 100 * counted["clicked"] / counted["sent"]


def of_scenario(facts: Facts, scenario: Scenario, now: datetime, first: date, api: Api) -> Pairs:
    """The panel and the dialogs of its nodes, whatever the period; what is so now; and the API's."""
    nodes = [node["id"] for node in scenario.flow.graph["nodes"]]
    whole = facts.of_origin(scenario.origin)
    for name, (period, span) in spans(now, first).items():
        panel = period_stats.of_scenario(scenario, period)
        passes, counted = facts.whole_passes(scenario, span), facts.counted(whole, span)
        ended = {metric: passes[metric] for metric in period_stats.PASSES}
        yield f"panel {name}", panel.totals, ended | _named(counted)
        by_day = facts.by_day(whole)
        yield (
            f"panel {name} by day",
            [(day, counts["sent"], counts["converted"]) for day, counts in panel.days],
            [(day, by_day[day]["sent"], by_day[day]["converted"]) for day, _ in panel.days],
        )
        at_nodes, told = facts.at_nodes(scenario, span), period_stats.of_nodes(scenario, period)
        for node in nodes:
            messages = facts.of_origin(f"{scenario.origin}:{node}")
            wanted = _some(dict(at_nodes[node])) | _some(_named(facts.counted(messages, span)))
            if name == "all":
                wanted |= {"queued": len(messages)} if messages else {}
            yield f"node {node} {name}", _some(told.get(node, {}), *NOT_COMPARED), wanted
            one = period_stats.of_node(scenario, node, period)
            yield f"node {node} alone {name}", one, {m: n for m, n in told.get(node, {}).items() if m in one}
            dialog = node_numbers.of_node(scenario, node, period)
            lines = {line.words: line.n for line in (*dialog.passes, *dialog.messages)}
            yield f"dialog {node} reached {name}", lines["Reached"], at_nodes[node]["entered"]
            for metric, words, _ in node_numbers._MESSAGES if messages else ():
                if words in lines and metric != "queued":
                    yield f"dialog {node} {metric} {name}", lines[words], _named(facts.counted(messages, span))[metric]
            yield f"dialog {node} why {name}", dict(dialog.skipped), dict(facts.why_skipped(messages, span))
            yield f"dialog {node} money {name}", dialog.revenue, conversion_stats.money(facts.earned(messages, span))
            bounced = next((line.share for line in dialog.messages if line.words == "Bounced"), None)
            counted = facts.counted(messages, span)
            tried = counted["sent"] + counted["bounced"]
            yield (
                f"dialog {node} bounces {name}",
                bounced,
                round(100 * counted["bounced"] / tried, 1) if tried else None,
            )
        stages = {stage.node: stage for stage in funnel(scenario, *(span or (None, None)))}
        for node in nodes:
            stage, at = stages[node], at_nodes[node]
            told_of = stage.reached, stage.ended, stage.lost, stage.went_on
            gone_on = sum(n for metric, n in at.items() if metric.startswith("left:"))
            yield f"funnel {node} {name}", told_of, (at["entered"], at["ended"], at["exited"] + at["failed"], gone_on)
            if span is None:
                yield f"funnel {node} waiting", stage.waiting, facts.standing(scenario)[node]
    inside = present.now_in(scenario, now)
    standing, failed = facts.standing(scenario), Counter(o.node for o in facts.passes(scenario) if o.state == "failed")
    due = sum(one.state in ("pending", "waiting") and one.due_at <= now for one in facts.passes(scenario) if one.due_at)
    yield "now", inside, present.Now(facts.inside(scenario), standing.total(), due, failed.total(), dict(failed))
    for node in nodes:
        yield f"dialog {node} waiting", node_numbers.waiting(scenario, node), standing[node]
        stands = [o for o in facts.passes(scenario) if o.node == node and o.state in ("pending", "waiting")]
        yield f"dialog {node} people", present.counted(present.waiting_at(scenario, node)), len(stands)
    yield from _of_objective(facts, scenario, nodes, api)
    weeks = {week: (n, sum(done.values())) for week, (n, done) in facts.cohorts(scenario).items()}
    told_weeks = cohorts(scenario, now, 52)
    yield "cohorts", {one.week: (one.entered, one.done[-1]) for one in told_weeks}, weeks
    for one in told_weeks:
        done = facts.cohorts(scenario)[one.week][1]
        yield (
            f"cohort {one.week}",
            one.done,
            [sum(n for w, n in done.items() if w <= after) for after in range(len(one.done))],
        )


# Credits to ports are compared for themselves; reasons are, too.
NOT_COMPARED = ("converted:", "revenue:", "skipped:")


def _of_objective(facts: Facts, scenario: Scenario, nodes: list[str], api: Api) -> Pairs:
    whole = facts.of_origin(scenario.origin)
    counted, earned = facts.counted(whole), facts.earned(whole)
    report = stats.report(scenario)
    yield "objective", (report["converted"], report["revenue"]), (counted["converted"], conversion_stats.plain(earned))
    yield "its rate", report["conversion_rate"], round(counted["converted"] / counted["sent"], 4)
    for node in nodes:
        messages = facts.of_origin(f"{scenario.origin}:{node}")
        of_node, told = facts.counted(messages), report["nodes"][node]
        yield f"objective {node}", told["converted"], of_node["converted"]
        yield f"revenue {node}", told["revenue"], conversion_stats.plain(facts.earned(messages))
    compared = variants.compared(scenario)
    assert bool(compared) == any(node["type"] == "ab_test" for node in scenario.flow.graph["nodes"])
    for node, found in compared.items():
        ways = {judged.key: (judged.shown, judged.converted, revenue) for _, judged, revenue in found.rows}
        yield f"ways of {node}", ways, facts.ways(scenario, node)
    for owner in api("objectives/")["results"]:
        messages = facts.of_origin(owner["owner"])
        worth = facts.counted(messages)["converted"], conversion_stats.plain(facts.earned(messages))
        yield f"API objective {owner['owner']}", (owner["converted"], owner["revenue"]), worth


def of_links(facts: Facts, scenario: Scenario, span: tuple[date, date]) -> Pairs:
    for name, asked in (("all", {}), ("scenario", {"scenario": str(scenario.pk)})):
        prefix = f"{scenario.origin}:" if asked else ""
        clicks = facts.clicks(span, lambda message, prefix=prefix: message.origin.key.startswith(prefix))
        told: Counter[tuple] = Counter()
        sent = {}
        for one in links.clicked(*span, links.origins(all_places(), asked)):
            of = one.place.node or one.place.variant
            key = of.key, one.content.pk, one.number
            told[key] += one.clicks
            told[*key, "people"] += one.people
            sent[key] = one.sent
        yield f"links of {name}", +told, clicks
        for key, n in sent.items():
            mails = [one for one in facts.messages if (one.origin.key, one.content_id) == key[:2]]
            yield f"sent of {name} {key}", n, facts.counted(mails, span)["sent"]


def of_domains(facts: Facts, span: tuple[date, date]) -> Pairs:
    domains, total = domain_report.domains(*span)
    for one in domains:
        mails = [message for message in facts.messages if message.domain == one.name]
        counted = facts.counted(mails, span)
        yield f"domain {one.name}", one.counts, {metric: counted[metric] for metric in DOMAIN_METRICS}
    counted = facts.counted([one for one in facts.messages if one.domain], span)
    yield "all domains", total.counts, {metric: counted[metric] for metric in DOMAIN_METRICS}


def of_pages(facts: Facts, scenario: Scenario, campaign: Campaign, today: date, client: Any) -> Pairs:
    """What the templates make of it: a few numbers of each page, as they are read there."""
    whole = facts.of_origin(scenario.origin)
    counted = facts.counted(whole)
    listed = _text(client.get("/scenarios/"))
    yield "the list of scenarios", f"{counted['converted']} {_share(counted)}" in listed, True
    panel = _text(client.get(f"/scenarios/{scenario.pk}/statistics/?period=all"))
    yield "the panel", f"Conversions {counted['converted']:,}" in panel, True
    node = next(node for node in scenario.flow.graph["nodes"] if node["type"] == "email")["id"]
    mails = facts.counted(facts.of_origin(f"{scenario.origin}:{node}"))
    dialog = _text(client.get(f"/scenarios/{scenario.pk}/nodes/{node}/waiting/?show=numbers"))
    for metric in ("opened", "clicked", "unsubscribed"):
        yield f"the dialog's {metric}", f"{metric.capitalize()} {mails[metric]:,} " in dialog, True
    page = _text(client.get(f"/campaigns/{campaign.pk}/"))
    of_campaign = facts.counted(facts.of_origin(campaign.origin))
    yield "the campaign's sent", f"{of_campaign['sent']:,}" in page, True
    reached = facts.at_nodes(scenario)[node]["entered"]
    yield "the funnel", f"{reached:,}" in _text(client.get(f"/reports/funnel/?scenario={scenario.pk}")), True


def _share(counted: Counter[str]) -> str:
    return f"{100 * counted['converted'] / counted['sent']:.1f} %" if counted["converted"] else ""


def _text(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())
