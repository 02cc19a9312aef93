"""A marketer says what a scenario is for, tries two ways, and reads which one is better."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns.counting import Of, count
from campaigns.models import Content, Origin
from campaigns.revenue import add
from config.models import User
from contacts.days import day_of
from contacts.models import Segment
from flows.models import NodeCount, Scenario
from tests import make
from tests.stories.canvas_driver import Canvas

MAIL = {"subject": "Hello", "body": "<p>Hello</p>"}


@pytest.fixture
def canvas(signed_in: Page, site: str, admin: User) -> Canvas:
    variants = [{"name": "Short", "weight": 1}, {"name": "Long", "weight": 1}]
    graph = make.graph(
        ("t", "now", {}), ("ab", "ab_test", {"variants": variants}), ("s", "email", MAIL), ("l", "email", MAIL),
        edges="t>ab ab:a>s ab:b>l",
    )  # fmt: skip
    for node, (x, y) in zip(graph["nodes"], [(80, 80), (380, 80), (680, 40), (680, 240)], strict=True):
        node["x"], node["y"] = x, y
    return Canvas(signed_in, site, make.scenario(graph).pk).open()


def counted(scenario: Scenario, **metrics: int) -> None:
    """As if so many contacts had passed the test: what the engine and the conversions count."""
    today = day_of(timezone.now())
    for metric, n in metrics.items():
        name = metric.replace("_", ":")
        NodeCount.objects.create(scenario=scenario, node="ab", metric=name, n=n, day=today)


def test_the_objective_has_a_filter_a_value_and_a_touch(canvas: Canvas) -> None:
    vips = Segment.objects.create(name="VIPs")
    canvas.open().press("Control+s")
    dialog = canvas.page.locator("#save-dialog")
    dialog.get_by_label("Did something (an event)").check()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_visible()  # the event has no name
    dialog.get_by_label("Name of the event").fill("order.placed")
    dialog.get_by_role("button", name="Add a rule").click()
    rule = dialog.locator("[data-rule]:visible").first
    rule.get_by_label("What the rule is about").select_option("property")
    rule.get_by_label("Property", exact=True).fill("value")
    rule.get_by_label("Comparison").select_option("greater")
    rule.get_by_label("Value", exact=True).fill("50")
    dialog.get_by_label("Property with its value").fill("value")
    dialog.get_by_label("Property with its currency").fill("currency")
    dialog.get_by_label("Credited to the last message").select_option("clicked")
    dialog.get_by_label("Within days").fill("7")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).not_to_be_visible()
    (rule_kept,) = Scenario.objects.get().objective["filter"]["all"]
    assert (rule_kept["field"], rule_kept["op"], str(rule_kept["value"])) == ("value", "greater", "50")
    rest = {name: part for name, part in Scenario.objects.get().objective.items() if name != "filter"}
    assert rest == {
        "kind": "event", "event": "order.placed", "within_days": 7, "touch": "clicked", "value_property": "value",
        "currency_property": "currency",
    }  # fmt: skip
    # What is there is shown again, and another kind takes only what is its own.
    canvas.open().press("Control+s")
    expect(dialog.get_by_label("Property with its currency")).to_have_value("currency")
    dialog.get_by_label("Entered a segment").check()
    dialog.get_by_label("Segment", exact=True).select_option("VIPs")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).not_to_be_visible()
    assert Scenario.objects.get().objective == {
        "kind": "segment", "segment": vips.pk, "within_days": 7, "touch": "clicked",
    }  # fmt: skip


def test_the_dialog_of_a_running_test_says_which_way_is_better(canvas: Canvas) -> None:
    scenario = Scenario.objects.get()
    Scenario.objects.update(state="running", started_at=timezone.now(), objective={"kind": "clicked"})
    counted(scenario, left_a=1000, left_b=1000, converted_a=100, converted_b=126)
    counted(scenario, revenue_b_EUR=12_345_000, revenue_a_EUR=9_990_000)
    canvas.open().card("ab").dblclick()
    dialog = canvas.page.locator("dialog[data-node-dialog]")
    expect(dialog.get_by_text("Long is better with 96 % probability.")).to_be_visible()
    row = dialog.get_by_role("row").filter(has_text="Long")
    expect(row).to_contain_text("12.6 %")
    expect(row).to_contain_text("10.7 and 14.8 %")
    expect(row).to_contain_text("1,234.50 EUR")


def test_the_list_tells_what_scenarios_achieved(signed_in: Page, site: str, admin: User) -> None:
    scenario = make.scenario(make.graph(("t", "now", {}), ("s", "email", MAIL), edges="t>s"))
    Scenario.objects.update(objective={"kind": "clicked"})
    content = Content.objects.create(digest="x", channel="email", subject="Hello", body="x", markup="html")
    origin = Origin.objects.create(key=f"{scenario.origin}:s")
    of, now = Of(origin.pk, content.pk), timezone.now()
    count([(of, "sent", 400), (of, "converted", 30)], now)
    add([(day_of(now), of, "EUR", Decimal("1234.5"))])
    NodeCount.objects.create(scenario=scenario, node="s", metric="entered", n=400)
    signed_in.goto(f"{site}/scenarios/")
    row: Any = signed_in.get_by_role("row").filter(has_text="Welcome")
    expect(row).to_contain_text(re.compile(r"30\s+7\.5 %"))
    expect(row).to_contain_text("1,234.50 EUR")
