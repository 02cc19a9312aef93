"""The canvas in a real Chromium: how long drawings of 50, 500 and 2,000 shapes take to open, and how evenly the frames
come while a shape is dragged and the drawing panned.

`open_ms` runs from the request to the editor's being ready, `frame_ms` are 95th percentiles; each is the best of a few
rounds, since a busy machine only ever adds. `python -m tests.bench.canvas [rounds]`
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from tests.bench._database import database
from tests.stories import chromium

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
SIZES = (50, 500, 2_000)
MOVES = 90
MIDDLE = """() => [...document.querySelectorAll(".node-card")].map((card) => card.getBoundingClientRect())
    .find((box) => box.x > 500 && box.x < 1000 && box.y > 150 && box.y < 650)"""
WATCH = """() => {
    const frames = window.frames_ = [];
    let last = performance.now();
    const step = (now) => {
        frames.push(now - last);
        last = now;
        if (window.frames_ === frames) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
}"""
WATCHED = "() => { const frames = window.frames_.slice(2); window.frames_ = null; return frames; }"


def drawing(size: int) -> dict[str, Any]:
    """Emails, waits, conditions about them, tags and SMS in rows, no two texts alike."""
    nodes = [{"id": "n0", "type": "on_event", "x": 0, "y": 0, "config": {"event": "contact.created"}}]
    edges = []
    columns = max(5, int(size**0.5) // 2)
    for n in range(1, size):
        kind, config = (
            (
                "email",
                {"name": f"Mail {n}", "subject": f"Hello {n}", "body": f"<p>{n} {{{{ contact.first_name }}}}</p>"},
            ),
            ("wait", {"amount": n % 30 + 1, "unit": "days"}),
            ("condition", {"rule": {"rule": "message", "did": "clicked", "node": f"n{max(5, n - n % 5)}"}}),
            ("tag", {"add": [f"tag {n}"]}),
            ("sms", {"body": f"Hi {{{{ contact.first_name }}}}, {n}"}),
        )[n % 5]
        before = nodes[-1]
        edges.append({"from": before["id"], "port": "yes" if before["type"] == "condition" else "next", "to": f"n{n}"})
        place = {"x": n % columns * 280, "y": n // columns * 140}
        nodes.append({"id": f"n{n}", "type": kind, "config": config, **place})
    return {"nodes": nodes, "edges": edges}


def opened(page: Any, address: str) -> float:
    page.goto(address, wait_until="commit")
    page.wait_for_selector("#editor.ready")
    return page.evaluate("performance.now()")


def frame(page: Any, gesture: Callable[[Any], None]) -> float:
    """The 95th percentile of the time between frames, in ms."""
    page.evaluate(WATCH)
    gesture(page)
    frames = sorted(page.evaluate(WATCHED))
    return frames[int(len(frames) * 0.95)]


def drag(page: Any) -> None:
    box = page.evaluate(MIDDLE)
    page.mouse.move(box["x"] + 60, box["y"] + 20)
    page.mouse.down()
    for step in range(MOVES):
        page.mouse.move(box["x"] + 60 + step * 2, box["y"] + 20 + step)
    page.keyboard.press("Escape")
    page.mouse.up()


def pan(page: Any) -> None:
    page.mouse.move(900, 500)
    for _ in range(MOVES):
        page.mouse.wheel(15, 8)


def main(site: str, cookie: str) -> None:
    from django.conf import settings
    from playwright.sync_api import sync_playwright

    from flows.models import Flow, Scenario

    found: dict[int, dict[str, list[float]]] = {size: {"open": [], "drag": [], "pan": []} for size in SIZES}
    addresses = {}
    for size in SIZES:
        scenario = Scenario.objects.create(name=f"{size} shapes", listens_to="contact.created")
        scenario.flow = Flow.objects.create(scenario=scenario, number=1, graph=drawing(size))
        scenario.save()
        addresses[size] = f"{site}/scenarios/{scenario.pk}/"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.PATH, args=chromium.FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site}])
        page = context.new_page()
        for _ in range(ROUNDS):
            for size, address in addresses.items():
                found[size]["open"].append(opened(page, address))
                found[size]["drag"].append(frame(page, drag))
                found[size]["pan"].append(frame(page, pan))
        browser.close()
    best = {size: {what: round(min(times), 1) for what, times in told.items()} for size, told in found.items()}
    print(
        json.dumps(
            {
                "bench": "canvas",
                "open_ms": {size: told["open"] for size, told in best.items()},
                "drag_frame_ms": {size: told["drag"] for size, told in best.items()},
                "pan_frame_ms": {size: told["pan"] for size, told in best.items()},
                "most_open_ms_500": 1000,
            }
        )
    )


if __name__ == "__main__":
    if chromium.PATH is None:
        sys.exit("The bench of the canvas needs Chromium.")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with database("canvas"):
        from django.conf import settings
        from django.contrib.staticfiles.handlers import StaticFilesHandler
        from django.test import Client
        from django.test.testcases import LiveServerThread

        from config.models import User

        client = Client()
        client.force_login(
            User.objects.create_superuser("ada", password="correct horse battery"),
            backend="django.contrib.auth.backends.ModelBackend",
        )
        server = LiveServerThread("127.0.0.1", StaticFilesHandler)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        try:
            main(f"http://127.0.0.1:{server.port}", client.cookies[settings.SESSION_COOKIE_NAME].value)
        finally:
            server.terminate()
