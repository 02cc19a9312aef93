"""Drawing without a mouse: by keys, with what a screen reader hears, and with fingers on a phone."""

from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from config.models import User
from tests import make
from tests.stories.canvas_driver import Canvas
from tests.stories.conftest import sign_in


def drawing() -> int:
    graph = make.graph(
        ("t", "now", {}),
        ("w", "wait", {"amount": 7, "unit": "days"}),
        ("q", "condition", {}),
        ("e", "end", {}),
        edges="t>w",
    )
    for place, node in enumerate(graph["nodes"]):
        node["x"] = 80 + 300 * place
    return make.scenario(graph).pk


@pytest.fixture
def canvas(signed_in: Page, site: str, admin: User) -> Canvas:
    return Canvas(signed_in, site, drawing()).open()


def test_tab_reaches_every_shape_with_a_spoken_label(canvas: Canvas) -> None:
    canvas.page.locator(".canvas").focus()
    heard = []
    for _ in range(12):
        canvas.press("Tab")
        label = canvas.page.evaluate(
            "document.activeElement.matches('.node') && document.activeElement.getAttribute('aria-label')"
        )
        if label:
            heard.append(label)
    assert heard[:2] == ["Now: All contacts", "Wait: 7 days"]
    assert heard[2].startswith("Condition, needs attention:")
    assert len(heard) == 4
    assert all(heard)


def test_arrows_move_and_undo_takes_back_each_press(canvas: Canvas) -> None:
    x, y = canvas.place("w")
    canvas.node("w").focus()
    canvas.press("ArrowRight")
    canvas.press("Shift+ArrowDown")
    assert canvas.place("w") == (x + 10, y + 50)
    canvas.press("Control+z")
    assert canvas.place("w") == (x + 10, y)


def test_c_connects_with_tab_and_enter_and_escape_cancels(canvas: Canvas) -> None:
    canvas.node("w").focus()
    canvas.press("c")
    expect(canvas.say).to_contain_text("Connecting from “Wait”")
    canvas.press("Tab")
    canvas.press("Enter")
    assert canvas.edges() == ["t next", "w next"]
    canvas.node("q").focus()
    canvas.press("c")
    canvas.press("c")
    expect(canvas.say).to_contain_text("No")
    canvas.press("Escape")
    expect(canvas.say).to_have_text("Connecting cancelled.")
    assert canvas.edges() == ["t next", "w next"]


def test_a_connector_in_focus_tells_where_it_leads_and_delete_removes_that(canvas: Canvas) -> None:
    canvas.node("t").focus()
    canvas.press("Tab")
    expect(canvas.say).to_contain_text("Leads to “Wait”")
    expect(canvas.page.locator(".edge.selected")).to_have_count(1)
    canvas.press("Delete")
    assert canvas.edges() == []


def test_enter_configures_confirm_shows_the_summary_and_the_focus_returns(canvas: Canvas) -> None:
    canvas.node("w").focus()
    canvas.press("Enter")
    dialog = canvas.page.locator("dialog[open]")
    dialog.locator("[name=amount]").fill("0")
    dialog.get_by_role("button", name="Confirm").click()
    expect(canvas.page.locator("dialog[open] .invalid .error")).to_be_visible()
    dialog.locator("[name=amount]").fill("3")
    dialog.locator("[name=unit]").select_option("hours")
    dialog.get_by_role("button", name="Confirm").click()
    expect(canvas.node("w").locator(".node-summary")).to_have_text("3 hours")
    expect(canvas.page.locator("dialog[open]")).to_have_count(0)
    expect(canvas.node("w")).to_be_focused()
    canvas.press("Control+z")
    expect(canvas.node("w").locator(".node-summary")).to_have_text("7 days")
    canvas.node("w").focus()
    canvas.press("Enter")
    canvas.page.locator("dialog[open]").wait_for()
    canvas.press("Escape")
    expect(canvas.node("w")).to_be_focused()


def test_the_palette_by_keys_adds_in_view_and_goes_there(canvas: Canvas) -> None:
    canvas.page.locator('.palette [data-type="tag"]').focus()
    canvas.press("Enter")
    added = (set(canvas.ids()) - {"t", "w", "q", "e"}).pop()
    expect(canvas.node(added)).to_be_focused()
    card, box = canvas.card(added).bounding_box(), canvas.page.locator(".canvas").bounding_box()
    assert card is not None
    assert box is not None
    assert box["x"] <= card["x"] <= box["x"] + box["width"] - card["width"]


def test_a_focused_shape_out_of_view_comes_into_view(canvas: Canvas) -> None:
    for _ in range(3):
        canvas.page.mouse.move(*canvas.blank())
        canvas.page.mouse.wheel(900, 0)
    canvas.page.locator(".canvas").focus()
    canvas.press("Tab")
    canvas.settle()
    card, box = canvas.card("t").bounding_box(), canvas.page.locator(".canvas").bounding_box()
    assert card is not None
    assert box is not None
    assert box["x"] <= card["x"] < box["x"] + box["width"]


def serious(page: Page) -> list[tuple[str, list[str]]]:
    violations = Axe().run(page).response["violations"]
    return [
        (each["id"], each["nodes"][0]["target"]) for each in violations if each["impact"] in ("serious", "critical")
    ]


def test_the_page_shuts_nobody_out(canvas: Canvas) -> None:
    found = [
        each for each in Axe().run(canvas.page).response["violations"] if each["impact"] in ("serious", "critical")
    ]
    assert [(each["id"], each["nodes"][0]["target"]) for each in found] == []
    canvas.card("w").dblclick()
    canvas.page.locator("dialog[open]").wait_for()
    found = [
        each for each in Axe().run(canvas.page).response["violations"] if each["impact"] in ("serious", "critical")
    ]
    assert [(each["id"], each["nodes"][0]["target"]) for each in found] == []


@pytest.fixture
def phone(browser: Browser, site: str, admin: User) -> Canvas:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    sign_in(context, site, admin)
    yield Canvas(context.new_page(), site, drawing()).open()
    context.close()


def test_on_a_phone_shapes_are_added_by_a_tap_and_the_drawing_is_pinched(phone: Canvas) -> None:
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 390
    expect(phone.page.locator(".palette")).not_to_be_visible()
    phone.page.get_by_role("button", name="Add").tap()
    phone.page.locator('.palette [data-type="tag"]').tap()
    assert len(phone.ids()) == 5
    expect(phone.page.locator(".palette")).not_to_be_visible()
    before = phone.view()
    touch = phone.page.context.new_cdp_session(phone.page)

    def fingers(kind: str, *points: tuple[int, int]) -> None:
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]},
        )

    fingers("touchStart", (150, 600), (250, 600))
    for step in range(1, 6):
        fingers("touchMove", (150 - 10 * step, 600), (250 + 10 * step, 600))
    fingers("touchEnd")
    after = phone.view()
    assert after["k"] > before["k"] * 1.5


def test_of_a_large_drawing_only_the_part_in_view_is_on_the_page_and_tab_goes_on_beyond_it(
    signed_in: Page, site: str, admin: User
) -> None:
    names = [f"n{n}" for n in range(200)]
    edges = " ".join(f"{one}>{next_one}" for one, next_one in pairwise(names))
    graph = make.graph(
        ("n0", "now", {}), *((name, "wait", {"amount": 1, "unit": "days"}) for name in names[1:]), edges=edges
    )
    for place, node in enumerate(graph["nodes"]):
        node["x"], node["y"] = 80 + 300 * place, 80
    canvas = Canvas(signed_in, site, make.scenario(graph).pk).open()
    assert len(canvas.ids()) < 30
    assert len(canvas.edges()) < 30
    canvas.node("n0").focus()
    reached = []
    for _ in range(80):  # every shape and its way out
        canvas.press("Tab")
        id = signed_in.evaluate("document.activeElement.matches('.node') && document.activeElement.dataset.id")
        if id:
            reached.append(id)
    assert reached == names[1:41]
    canvas.settle()
    expect(canvas.node("n40")).to_be_in_viewport()
    assert canvas.node("n5").count() == 0
