"""Drawing with the mouse: place, connect, move, choose, copy, undo, zoom."""

import pytest
from playwright.sync_api import Page, expect

from config.models import User
from tests import make
from tests.stories.canvas_driver import Canvas


@pytest.fixture
def canvas(signed_in: Page, site: str, admin: User) -> Canvas:
    """A trigger, two tags, a condition and a wait, unconnected but for the trigger."""
    graph = make.graph(
        ("t", "now", {}),
        ("a", "tag", {"add": ["vip"]}),
        ("b", "tag", {"add": ["new"]}),
        ("q", "condition", {}),
        ("w", "wait", {"amount": 7, "unit": "days"}),
        edges="t>a",
    )
    places = {"t": (80, 80), "a": (400, 80), "b": (400, 260), "q": (80, 260), "w": (720, 260)}
    for node in graph["nodes"]:
        node["x"], node["y"] = places[node["id"]]
    return Canvas(signed_in, site, make.scenario(graph).pk).open()


def test_a_shape_dropped_from_the_palette_stands_under_the_pointer(canvas: Canvas) -> None:
    x, y = canvas.blank()
    added = canvas.drop("tag", (x - 100, y))
    assert added
    middle = canvas.middle(canvas.card(added))
    assert abs(middle[0] - (x - 100)) <= 6
    assert abs(middle[1] - y) <= 6
    canvas.press("Control+z")
    assert added not in canvas.ids()


def test_a_second_trigger_is_refused_with_a_sentence(canvas: Canvas) -> None:
    assert canvas.drop("on_event", canvas.blank()) == ""
    expect(canvas.say).to_contain_text("one trigger only")


def test_connecting_by_dragging_and_by_two_clicks_and_nothing_comes_of_a_drop_on_blank(canvas: Canvas) -> None:
    canvas.connect("q", "a", "yes")
    assert "q yes" in canvas.edges()
    canvas.port("q", "no").click()
    canvas.input("b").click()
    assert "q no" in canvas.edges()
    expect(canvas.page.locator(".edge.yes")).to_have_count(1)
    expect(canvas.page.locator(".edge.no")).to_have_count(1)
    before = canvas.edges()
    canvas.drag(canvas.middle(canvas.port("b")), canvas.blank())
    assert canvas.edges() == before
    canvas.press("Control+z")
    assert "q no" not in canvas.edges()
    canvas.press("Control+z")
    assert "q yes" not in canvas.edges()
    canvas.press("Control+Shift+z")
    assert "q yes" in canvas.edges()


def test_what_may_not_be_connected_is_refused_with_a_sentence(canvas: Canvas) -> None:
    canvas.connect("t", "b")
    expect(canvas.say).to_contain_text("already leads to")
    canvas.drag(canvas.middle(canvas.port("b")), canvas.middle(canvas.card("t")))
    expect(canvas.say).to_contain_text("where contacts enter")
    canvas.connect("a", "b")
    canvas.connect("b", "a")
    expect(canvas.say).to_contain_text("loop")
    assert canvas.edges() == ["a next", "t next"]
    canvas.connect("b", "w")
    canvas.connect("w", "a")
    assert canvas.edges() == ["a next", "b next", "t next", "w next"]


def test_a_dragged_shape_snaps_to_the_grid_in_one_step(canvas: Canvas) -> None:
    before = canvas.place("b")
    x, y = canvas.middle(canvas.card("b"))
    canvas.drag((x, y), (x + 57, y + 33))
    after = canvas.place("b")
    assert after != before
    assert after[0] % 10 == 0
    assert after[1] % 10 == 0
    canvas.press("Control+z")
    assert canvas.place("b") == before
    canvas.press("Control+y")
    assert canvas.place("b") == after


def test_choosing_several_and_moving_them_together(canvas: Canvas) -> None:
    canvas.card("a").click()
    assert canvas.selected() == ["a"]
    canvas.card("b").click(modifiers=["Control"])
    assert sorted(canvas.selected()) == ["a", "b"]
    a, b = canvas.place("a"), canvas.place("b")
    x, y = canvas.middle(canvas.card("a"))
    canvas.drag((x, y), (x + 100, y + 50))
    moved = canvas.place("a")[0] - a[0], canvas.place("a")[1] - a[1]
    assert moved != (0, 0)
    assert (canvas.place("b")[0] - b[0], canvas.place("b")[1] - b[1]) == moved
    canvas.press("Control+z")
    assert (canvas.place("a"), canvas.place("b")) == (a, b)
    # A lasso around everything.
    box = canvas.page.locator(".canvas").bounding_box()
    canvas.page.keyboard.down("Shift")
    canvas.drag((box["x"] + 5, box["y"] + 60), (box["x"] + box["width"] - 5, box["y"] + box["height"] - 5))
    canvas.page.keyboard.up("Shift")
    assert len(canvas.selected()) == 5
    canvas.page.mouse.click(*canvas.blank())
    assert canvas.selected() == []


def test_removing_shapes_and_edges(canvas: Canvas) -> None:
    canvas.card("a").click()
    canvas.press("Delete")
    assert "a" not in canvas.ids()
    assert canvas.edges() == []
    canvas.press("Control+z")
    assert canvas.edges() == ["t next"]
    left, right = canvas.middle(canvas.port("t")), canvas.middle(canvas.input("a"))
    canvas.page.mouse.click((left[0] + right[0]) / 2, (left[1] + right[1]) / 2)
    expect(canvas.page.locator(".edge.selected")).to_have_count(1)
    canvas.press("Delete")
    assert canvas.edges() == []
    assert "a" in canvas.ids()


def test_an_end_of_an_edge_is_moved_to_another_shape(canvas: Canvas) -> None:
    left, right = canvas.middle(canvas.port("t")), canvas.middle(canvas.input("a"))
    canvas.page.mouse.click((left[0] + right[0]) / 2, (left[1] + right[1]) / 2)
    canvas.drag(canvas.middle(canvas.page.locator('[data-handle="to"]')), canvas.middle(canvas.card("b")))
    assert canvas.edges() == ["t next"]
    expect(canvas.say).to_have_text("Connected “Now” to “Tag”.")
    canvas.press("Control+z")
    canvas.press("Control+z")
    assert canvas.edges() == ["t next"]


def test_a_copy_has_inner_edges_and_new_ids_and_never_a_trigger(canvas: Canvas) -> None:
    canvas.connect("a", "b")
    before = canvas.ids()
    canvas.press("Control+a")
    canvas.press("Control+c")
    canvas.press("Control+v")
    assert len(canvas.ids()) == len(before) * 2 - 1
    assert len(canvas.edges()) == 3
    expect(canvas.page.locator('.node[data-group="Triggers"]')).to_have_count(1)
    canvas.press("Control+z")
    assert canvas.ids() == before


def test_zooming_panning_fitting_and_the_small_map(canvas: Canvas) -> None:
    x, y = canvas.middle(canvas.card("b"))
    before = canvas.view()
    canvas.page.mouse.move(x, y)
    canvas.page.keyboard.down("Control")
    canvas.page.mouse.wheel(0, -120)
    canvas.page.keyboard.up("Control")
    assert canvas.view()["k"] > before["k"]
    after = canvas.middle(canvas.card("b"))
    assert abs(after[0] - x) < 2
    assert abs(after[1] - y) < 2
    here = canvas.view()
    start = canvas.blank()
    canvas.drag(start, (start[0] - 80, start[1] - 40))
    assert (round(canvas.view()["x"] - here["x"]), round(canvas.view()["y"] - here["y"])) == (-80, -40)
    canvas.page.locator('[data-do="fit"]').click()
    canvas.settle()
    box = canvas.page.locator(".canvas").bounding_box()
    for id in canvas.ids():
        card = canvas.card(id).bounding_box()
        assert box["x"] <= card["x"]
        assert card["x"] + card["width"] <= box["x"] + box["width"]
    fitted = canvas.view()
    small = canvas.page.locator(".minimap").bounding_box()
    canvas.page.mouse.click(small["x"] + 20, small["y"] + 20)
    canvas.settle()
    assert canvas.view()["x"] > fitted["x"]


def test_tidying_up_lays_yes_above_no_in_one_step(canvas: Canvas) -> None:
    canvas.connect("a", "w")
    canvas.connect("w", "q")
    canvas.connect("q", "b", "no")
    end = canvas.drop("end", canvas.blank())
    canvas.connect("q", end, "yes")
    before = {id: canvas.place(id) for id in canvas.ids()}
    canvas.page.locator('[data-do="layout"]').click()
    after = {id: canvas.place(id) for id in canvas.ids()}
    assert after["t"][0] < after["a"][0] < after["w"][0] < after["q"][0] < after["b"][0]
    assert after[end][1] < after["b"][1]
    canvas.press("Control+z")
    assert {id: canvas.place(id) for id in canvas.ids()} == before


def test_dragging_to_the_border_moves_the_drawing_on(canvas: Canvas) -> None:
    before = canvas.view()
    box = canvas.page.locator(".canvas").bounding_box()
    canvas.page.mouse.move(*canvas.middle(canvas.card("w")))
    canvas.page.mouse.down()
    canvas.page.mouse.move(box["x"] + box["width"] - 40, box["y"] + 300, steps=3)
    canvas.page.mouse.move(box["x"] + box["width"] - 4, box["y"] + 300, steps=3)
    canvas.page.wait_for_function(
        "x => new DOMMatrix(getComputedStyle(document.querySelector('.world')).transform).e < x - 60", arg=before["x"]
    )
    canvas.page.mouse.up()
    assert canvas.place("w")[0] > 720


def test_an_earlier_version_can_be_looked_at_but_not_changed(canvas: Canvas) -> None:
    canvas.url += "versions/1/"
    canvas.open()
    before = canvas.place("b")
    x, y = canvas.middle(canvas.card("b"))
    canvas.drag((x, y), (x + 80, y))
    assert canvas.place("b") == before
    expect(canvas.say).to_contain_text("You are looking at version 1.")
    canvas.card("b").click()
    canvas.press("Delete")
    assert canvas.drop("tag", canvas.blank()) == ""
    assert len(canvas.ids()) == 5
    here = canvas.view()
    start = canvas.blank()
    canvas.drag(start, (start[0] - 50, start[1]))
    assert round(canvas.view()["x"] - here["x"]) == -50
    canvas.card("w").dblclick()
    expect(canvas.page.locator("dialog[open] [name=amount]")).to_be_disabled()
