"""After days of everything at random, with senders killed: each number of each report is what a recount gives."""

import os
import random
import re
import signal
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import chain, combinations

import pytest
from django.contrib.auth import get_user_model

from campaigns import counting
from campaigns.delivery import claiming, sending, settling
from campaigns.models import Campaign, Message, Origin, OriginCount, Provider
from campaigns.models.day_count import METRICS
from campaigns.reports import reporting
from campaigns.reports.query import FILTERS, GROUPS, Query
from config.models import ApiKey
from contacts.models import Installation, Segment
from flows import crediting
from flows.models import NodeCount
from tests import make, pages_told, recount
from tests.campaigns import letters, traffic
from tests.campaigns.test_killed_sender import wait_until, worker
from tests.chain_told import of_chain
from tests.facts import Facts
from tests.flows.audit import complaints
from tests.flows.drive import until_still
from tests.make import NOW

SINCE, UNTIL = date(2026, 1, 20), date(2026, 5, 10)
FULL = os.environ.get("WAYPOST_CHAOS") == "full"
IN_FRANCE = {"rule": "attribute", "field": "country", "op": "equals", "value": "FR"}
OFTEN = 400 if FULL else 120


class Shop:
    """What a recount has to know besides the ledger: which scenario, campaign and segments there are."""

    def __init__(self) -> None:
        self.regulars = Segment.objects.create(name="Regulars", rule={"all": []})
        self.new = Segment.objects.create(name="New", rule={"all": []})
        self.template = traffic.template()
        self.scenario = traffic.scenario(self.regulars, self.template)
        self.chain = traffic.chain(self.new, NOW)

    def mail(self, ids: list[int]) -> None:
        self.campaign = traffic.mailing(ids, [self.regulars, self.new], NOW)

    def keys(self, group: str, key: dict) -> list[str]:
        """The keys under which a message counts in a grouping, told by its origin's key alone."""
        of_scenario = key["origin"].startswith("scenario:")
        of_chain = key["origin"].startswith(f"{self.chain.origin}:")
        day: date = key["day"]
        match group:
            case "day":
                return [day.isoformat()]
            case "week":
                return [(day - timedelta(days=day.weekday())).isoformat()]
            case "month":
                return [day.replace(day=1).isoformat()]
            case "campaign":
                return [str(self.chain.pk if of_chain else self.campaign.pk) if not of_scenario else ""]
            case "scenario":
                return [str(self.scenario.pk) if of_scenario else ""]
            case "node":
                return [key["origin"] if of_scenario or of_chain else ""]
            case "variant":
                if not of_scenario:
                    return ["" if of_chain else key["origin"]]
                port = {"short": "a", "long": "b"}.get(key["origin"].rpartition(":")[2])
                return [f"scenario:{self.scenario.pk}:test:{port}" if port else ""]
            case "segment":
                if of_chain:
                    return [str(self.new.pk)]
                return [str(self.regulars.pk)] if of_scenario else [str(self.regulars.pk), str(self.new.pk)]
        return [str(key[group] or "")]

    def wanted(self, truth: Counter, query: Query) -> Counter:
        def read(key: dict) -> list[tuple]:
            if not query.since <= key["day"] <= query.until:
                return []
            if any(value not in self.keys(name, key) for name, value in query.filters.items()):
                return []
            found: list[tuple] = [()]
            for group in query.groups:
                found = [(*one, other) for one in found for other in self.keys(group, key)]
            return [(*one, key["metric"]) for one in found]

        return recount.summed(truth, read)


def told(rows) -> Counter:
    """The counts of a report's rows, by their keys."""
    return Counter(
        {(*(named.key for named in row.of), metric): n for row in rows for metric, n in row.counts.items() if n}
    )


def send_with_kills(server, kills: int) -> None:
    """Workers take the queue in hand and are killed; the last one lives."""
    for _ in range(kills):
        goal = len(server.mails) + 15
        process = worker()
        wait_until(lambda goal=goal: len(server.mails) >= goal, process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    last = worker()
    assert last.wait(timeout=60) == 0


def work(now: datetime) -> None:
    """Whatever is due by then, twice: what is sent makes contacts move."""
    for _ in range(2):
        until_still(now)
        while sending.work(now):
            pass


@pytest.fixture
def shop(transactional_db, smtp_server) -> Shop:
    Provider.objects.all().delete()
    make.local_outboxes()
    letters.account(smtp_server)
    # A day of people who live west of Greenwich.
    Installation.objects.update_or_create(pk=1, defaults={"timezone": "America/New_York"})
    smtp_server.refuse = {f"c{n}@{traffic.DOMAINS[n % 3]}": "550 5.1.1 No such user" for n in range(0, 180, 7)}
    chance = random.Random(7)
    ids = traffic.contacts(180)
    made = Shop()
    made.mail(ids)
    until_still(NOW)
    send_with_kills(smtp_server, 3)
    settling.settle(NOW + claiming.LEASE * 2)
    assert Message.objects.filter(state="unknown").exists()
    now = traffic.happen(chance, NOW + timedelta(hours=1), OFTEN)
    counting.squash(now)
    work(now + timedelta(days=3))
    # Steps that come where all have passed, of which one is due later than all this; and two are taken out.
    more = {"n7": traffic.step("Soon", terms=IN_FRANCE), "n8": traffic.step("Later", "sms", after=60)}
    traffic.change(made.chain, now + timedelta(days=3), ["n1", "n7", "n8", "n2", "n3", "n4", "n5", "n6"], **more)
    work(now + timedelta(days=4))
    traffic.change(made.chain, now + timedelta(days=4), ["n1", "n7", "n8", "n3", "n4", "n5"])
    work(now + timedelta(days=5))
    # Over the end of a month, while some of it is squashed and some is not.
    traffic.happen(chance, NOW + timedelta(days=19), OFTEN)
    return made


@pytest.mark.chaos
def test_every_number_is_what_a_recount_gives(shop, client):
    assert recount.of_tables("America/New_York") == {}
    truth = recount.ledger("America/New_York")
    seen = {key[-1] for key in truth}
    assert seen >= {
        "sent",
        "delivered",
        "opened",
        "clicked",
        "unsubscribed",
        "failed",
        "skipped",
        "unknown",
        "bounced",
        "converted",
    }
    reports_agree(shop, truth)
    while counting.squash(NOW):
        pass
    assert recount.of_tables("America/New_York") == {}
    reports_agree(shop, truth)
    the_api_agrees(shop, truth, client)
    the_page_agrees(shop, truth, client)
    everything_else_agrees(shop, client)
    nodes = complaints(["short", "long", "both", "last"])
    nodes.pop("messages that are not once per visit", None)  # those of the mailing belong to no pass
    nodes.pop("counts per day that differ from a recount", None)  # which knows no zone and no clicks
    nodes.pop("messages and the timeline disagree", None)  # which knows no webhooks
    nodes.pop("message counts that differ from a recount", None)  # the same
    assert nodes == {}


def paid(rows) -> Counter:
    """What was earned, as `told`."""
    return Counter(
        {(*(named.key for named in row.of), currency): n for row in rows for currency, n in row.revenue.items()}
    )


def reports_agree(shop: Shop, truth: Counter) -> None:
    earned = recount.earned("America/New_York")
    assert {key[-1] for key in earned} == {"EUR", "USD"}
    pairs = list(combinations(GROUPS, 2))
    for groups in [(group,) for group in GROUPS] + (pairs if FULL else random.Random(3).sample(pairs, 12)):
        query = Query(groups, SINCE, UNTIL)
        report = reporting.report(query)
        assert recount.unlike(told(report.rows), shop.wanted(truth, query)) == {}, groups
        assert recount.unlike(paid(report.rows), shop.wanted(earned, query)) == {}, groups
        total = shop.wanted(truth, Query((), SINCE, UNTIL))
        assert {(metric,): n for metric, n in report.total.counts.items() if n} == dict(total), groups
    for name in FILTERS:
        values = {value for key in truth for value in shop.keys(name, dict(zip(recount.KEYS, key, strict=True)))} - {""}
        assert values, name
        for value in sorted(values)[: 5 if FULL else 1]:
            for groups in (("day",), ("month",), ("country", "scenario"), ("channel",)):
                query = Query(groups, date(2026, 3, 11), date(2026, 4, 2), {name: value})
                report = reporting.report(query)
                assert recount.unlike(told(report.rows), shop.wanted(truth, query)) == {}, (name, value, groups)
                assert recount.unlike(paid(report.rows), shop.wanted(earned, query)) == {}, (name, value, groups)


def the_api_agrees(shop: Shop, truth: Counter, client) -> None:
    key = ApiKey.objects.issue("reports", ["reports:read"])[1]
    for address, query in [
        ("by=scenario&then=month", Query(("scenario", "month"), SINCE, UNTIL)),
        ("by=country&channel=email", Query(("country",), SINCE, UNTIL, {"channel": "email"})),
    ]:
        period = f"since={SINCE}&until={UNTIL}"
        answer = client.get(f"/api/v1/reports/?{address}&{period}", headers={"Authorization": f"Bearer {key}"}).json()
        counted = Counter(
            {
                (*(group["key"] for group in row["groups"]), metric): n
                for row in answer["rows"]
                for metric, n in row["counts"].items()
                if n
            }
        )
        assert recount.unlike(counted, shop.wanted(truth, query)) == {}, address


def everything_else_agrees(shop: Shop, client) -> None:
    """Home, the campaign's page, the panel, the dialogs of nodes, funnels, cohorts, links, domains and objectives."""
    now = NOW + timedelta(days=19)
    while crediting.credit(now):
        pass
    shop.scenario.refresh_from_db()
    Campaign.objects.filter(pk=shop.campaign.pk).update(state="sending", started_at=NOW, audience_count=180)
    shop.campaign.refresh_from_db()
    headers = {"Authorization": f"Bearer {ApiKey.objects.issue('everything', ['*'])[1]}"}

    def api(path: str):
        return client.get(f"/api/v1/{path}", headers=headers).json()

    facts = Facts("America/New_York")
    assert facts.executions and facts.conversions and facts.clicks(None) and facts.errands

    def told():
        return list(
            chain(
                pages_told.of_home(facts, now.date()),
                pages_told.of_campaign(facts, shop.campaign, now, api),
                pages_told.of_links(facts, shop.scenario, (SINCE, UNTIL)),
                pages_told.of_domains(facts, (NOW.date(), (NOW + timedelta(days=4)).date())),
                pages_told.of_pages(facts, shop.scenario, shop.campaign, now.date(), client),
                pages_told.of_scenario(facts, shop.scenario, now, NOW.date(), api),
                of_chain(facts, shop.chain, now, NOW.date(), api, client),
            )
        )

    pairs = told()
    assert len(pairs) > 200
    assert pages_told.differences(pairs) == {}
    # One more in the counts than there is: it is seen wherever that number stands.
    origin = Origin.objects.get(key=f"{shop.scenario.origin}:short")
    in_chain = Origin.objects.get(key=f"{shop.chain.origin}:n2")
    more = [
        OriginCount.objects.create(origin=origin, metric="opened", n=1),
        OriginCount.objects.create(origin=in_chain, metric="clicked", n=1),
        NodeCount.objects.create(scenario=shop.scenario, node="short", metric="entered", day=NOW.date(), n=1),
    ]
    wrong = pages_told.differences(told())
    assert {"panel all", "node short all", "dialog short opened all", "funnel short all"} <= set(wrong)
    assert {"chain step n2", "chain total", "chain's rates in the list", "chain page's totals"} <= set(wrong)
    for one in more:
        one.delete()


def the_page_agrees(shop: Shop, truth: Counter, client) -> None:
    client.force_login(get_user_model().objects.create_superuser("boss", "boss@example.com", "x"))
    page = client.get(f"/reports/?by=node&since={SINCE}&until={UNTIL}").content.decode()
    (foot,) = re.findall(r"<tfoot>(.*?)</tfoot>", page, re.DOTALL)
    shown = [int(n.replace(",", "")) for n in re.findall(r'<td class="number">([\d,]+)', foot)]
    total = shop.wanted(truth, Query((), SINCE, UNTIL))
    assert shown[: len(METRICS)] == [total[metric,] for metric in METRICS]
    page = client.get(f"/reports/domains/?since={SINCE}&until={UNTIL}").content.decode()
    sent = {
        domain: int(n.replace(",", ""))
        for domain, n in re.findall(r'<th scope="row">(\S+\.example).*?</th>\s*<td class="number">([\d,]+)', page)
    }
    by_domain = recount.summed(truth, recount.by("domain", "metric"))
    assert sent == {domain.lower(): by_domain[domain.lower(), "sent"] for domain in traffic.DOMAINS}
