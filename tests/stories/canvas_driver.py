"""Drives the canvas as a person does: with the mouse and the keys, by what is seen and heard."""

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect


class Canvas:
    def __init__(self, page: Page, site: str, scenario_id: int) -> None:
        self.page = page
        self.scenario_id = scenario_id
        self.url = f"{site}/scenarios/{scenario_id}/"
        self.say = page.locator("#editor-say")

    def open(self) -> "Canvas":
        self.page.goto(self.url)
        self.page.locator("#editor.ready").wait_for()
        return self

    def settle(self) -> None:
        """Two frames later everything that was waiting is drawn."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    # What is there

    def node(self, id: str) -> Locator:
        return self.page.locator(f'.node[data-id="{id}"]')

    def card(self, id: str) -> Locator:
        return self.node(id).locator(".node-card")

    def port(self, id: str, port: str = "next") -> Locator:
        return self.node(id).locator(f'.port.out[data-port="{port}"]')

    def input(self, id: str) -> Locator:
        return self.node(id).locator(".port.in")

    def ids(self) -> list[str]:
        self.settle()
        return self.page.eval_on_selector_all(".node", "nodes => nodes.map((node) => node.dataset.id)")

    def edges(self) -> list[str]:
        self.settle()
        return sorted(self.page.eval_on_selector_all("[data-edge]", "edges => edges.map((edge) => edge.dataset.edge)"))

    def selected(self) -> list[str]:
        return self.page.eval_on_selector_all(".node.selected", "nodes => nodes.map((node) => node.dataset.id)")

    def place(self, id: str) -> tuple[float, float]:
        """Where a shape stands in the drawing."""
        self.settle()
        x, y = self.node(id).evaluate("node => node.style.translate.split(' ').map(parseFloat)")
        return x + 16, y + 16

    def view(self) -> dict[str, float]:
        self.settle()
        return self.page.locator(".world").evaluate(
            "world => { const m = new DOMMatrix(getComputedStyle(world).transform); return {x: m.e, y: m.f, k: m.a}; }"
        )

    def middle(self, of: Locator) -> tuple[float, float]:
        self.settle()
        box = of.bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def blank(self) -> tuple[float, float]:
        """A point of the canvas with nothing on it."""
        box = self.page.locator(".canvas").bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] - 60

    # What is done

    def drag(self, start: tuple[float, float], end: tuple[float, float], button: Any = "left") -> None:
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down(button=button)
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
        mouse.move(*end, steps=4)
        mouse.up(button=button)
        self.settle()

    def drop(self, type: str, at: tuple[float, float]) -> str:
        """Drags a shape from the palette; the id of what came of it."""
        before = set(self.ids())
        self.drag(self.middle(self.page.locator(f'.palette [data-type="{type}"]')), at)
        added = set(self.ids()) - before
        return added.pop() if added else ""

    def connect(self, source: str, target: str, port: str = "next") -> None:
        self.drag(self.middle(self.port(source, port)), self.middle(self.input(target)))

    def connect_by_clicks(self, source: str, target: str, port: str = "next") -> None:
        """The output first, then the input."""
        self.port(source, port).click()
        self.input(target).click()
        self.settle()

    def configure(self, id: str, **values: str) -> None:
        """Double-clicks the shape, fills in the dialog's fields by their names, and confirms."""
        dialog = self.dialog(id)
        for name, value in values.items():
            field = dialog.locator(f"[name={name}]")
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        self.confirm()

    def dialog(self, id: str) -> Locator:
        """The dialog that a double-click on the shape opens."""
        self.card(id).dblclick()
        dialog = self.page.locator("dialog[data-node-dialog][open]")
        dialog.wait_for()
        return dialog

    def confirm(self) -> None:
        self.page.locator("dialog[open]").get_by_role("button", name="Confirm").click()
        expect(self.page.locator("dialog[open]")).to_have_count(0)
        self.settle()

    def press(self, keys: str) -> None:
        self.page.keyboard.press(keys)
        self.settle()

    def save(self) -> None:
        self.page.locator('.editor-bar [data-do="save"]').click()
        self.page.locator("#save-dialog [data-confirm]").click()
        expect(self.page.locator("#save-dialog")).not_to_be_visible()


def same(graph: dict[str, Any]) -> str:
    """A graph as text that does not depend on the order of its parts."""
    nodes = sorted(graph["nodes"], key=lambda node: node["id"])
    edges = sorted(graph["edges"], key=lambda edge: (edge["from"], edge["port"]))
    return json.dumps({"nodes": nodes, "edges": edges}, sort_keys=True)
