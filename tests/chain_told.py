"""Reads every number that is told of a chain, and says beside each what plain loops count."""

import re
from datetime import date, datetime
from typing import Any

from django.urls import reverse

from campaigns import conversion_stats
from campaigns.mailings import lists
from campaigns.models import Campaign
from flows import stats
from flows.chains import blocks, numbers
from flows.chains.compiling import PAST, TERMS, WAIT
from flows.chains.numbers import OF_MESSAGES
from flows.models import Scenario
from tests.facts import Facts
from tests.pages_told import Api, Pairs, of_scenario


def of_chain(facts: Facts, campaign: Campaign, now: datetime, first: date, api: Api, client: Any) -> Pairs:
    """Its line in the list, its page with its steps, what the page asks for while it is sent, the API, and all that is
    told of the scenario that runs it."""
    scenario = Scenario.objects.select_related("flow").get(campaign=campaign)
    keys = _keys(facts, campaign)
    steps = {key: _step(facts, scenario, key) for key in keys}
    whole = facts.of_origin(campaign.origin)
    entered = facts.whole_passes(scenario)["entered"]
    total = {"entered": entered, "inside": facts.inside(scenario), **_worth(facts, whole)}
    told = {key: step.as_json() for key, step in numbers.by_step(scenario).items() if key}
    for key in keys:
        yield f"chain step {key}", told.get(key), steps[key]
    yield "chain steps", sorted(told.keys() - steps.keys()), []
    yield "chain total", numbers.total(scenario), total
    answer = api(f"campaigns/{campaign.pk}/stats/")
    yield "chain API", answer, {"total": total, "steps": steps}
    (line,) = lists.lines([campaign])
    counted = facts.counted(whole)
    yield "chain in the list", (line.messages, line.sent), (len(whole), counted["sent"])
    rates = [100 * counted[metric] / counted["sent"] for metric in ("opened", "clicked")]
    yield "chain's rates in the list", [line.opened, line.clicked], rates
    live = client.get(reverse("chain_counts", args=[campaign.pk])).json()
    percent = {key: _percent(each) for key, each in steps.items()}
    yield "chain live", live["steps"], {key: {**each, "percent": percent[key]} for key, each in steps.items()}
    money = conversion_stats.money(facts.earned(whole))
    yield "chain live total", live["total"], {**total, "percent": _percent(total), "money": money}
    yield from _page(campaign, scenario, steps, total, client)
    told_of_all = stats.overview([scenario])[scenario.pk]
    yield "chain overview", told_of_all, {name: total[name] for name in ("entered", "inside", "sent")}
    for what, said, wanted in of_scenario(facts, scenario, now, first, api):
        yield f"chain: {what}", said, wanted


def _keys(facts: Facts, campaign: Campaign) -> list[str]:
    """Those of all steps that it has or that somebody came to."""
    sent = {one.origin.key.rpartition(":")[2] for one in facts.of_origin(campaign.origin)}
    return sorted({*campaign.steps.values_list("key", flat=True), *sent})


def _step(facts: Facts, scenario: Scenario, key: str) -> dict[str, Any]:
    at, standing, late = facts.at_nodes(scenario), facts.standing(scenario), facts.late(scenario)
    messages = facts.of_origin(f"{scenario.origin}:{key}")
    return {
        "reached": at[key]["entered"],
        "unmatched": at[f"{key}{TERMS}"]["left:no"],
        "waiting": sum(standing[f"{key}{part}"] for part in ("", WAIT, TERMS)),
        "passing": standing[f"{key}{PAST}"] + late[f"{key}{PAST}"],
        "late": sum(late[f"{key}{part}"] for part in ("", WAIT, TERMS)),
        "broken": sum(at[f"{key}{part}"]["failed"] for part in (WAIT, TERMS, PAST)),
        **_worth(facts, messages),
    }


def _worth(facts: Facts, messages: list[Any]) -> dict[str, Any]:
    counted = facts.counted(messages)
    rate = round(counted["converted"] / counted["sent"], 4) if counted["sent"] else None
    of_messages = {metric: counted[metric] for metric in OF_MESSAGES}
    return {**of_messages, "conversion_rate": rate, "revenue": conversion_stats.plain(facts.earned(messages))}


def _percent(counts: dict[str, Any]) -> float:
    return round(100 * counts["converted"] / counts["sent"], 1) if counts["sent"] else 0.0


def _written(number: float) -> str:
    """As people write it: 1,234 and 24.3, and 25 for an even quarter, as whole percents have no decimals."""
    return f"{number:,}".removesuffix(".0")


def _page(campaign: Campaign, scenario: Scenario, steps: dict, total: dict, client: Any) -> Pairs:
    """The numbers as they stand in the page, step by step."""
    page = client.get(reverse("chain_page", args=[campaign.pk])).content.decode()
    shown = dict(re.findall(r'data-total-of="(\w+)">([\d,.]+)<', page))
    wanted = {name: _written(n) for name, n in {**total, "percent": _percent(total)}.items() if name in shown}
    assert len(shown) >= 8
    yield "chain page's totals", shown, wanted
    numbered = re.split(r'<dl class="chain-numbers">', page)[1:]
    order = [block.key for block in blocks.of_chain(campaign, scenario)]
    yield "chain page's steps", len(numbered), len(order)
    for key, part in zip(order, numbered, strict=False):
        shown = dict(re.findall(r'data-count="(\w+)">([\d,.]+)<', part))
        assert len(shown) >= 8
        counted = {**steps[key], "percent": _percent(steps[key])}
        wanted = {name: _written(n) for name, n in counted.items() if name in shown}
        yield f"chain page's {key}", shown, wanted
