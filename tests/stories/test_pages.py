"""Every page, in a browser: no error, no overflow, nothing that shuts people out; and a picture of each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Page, expect

from tests.stories import delivery_examples, examples

PICTURES = Path(__file__).resolve().parents[2] / "test-results" / "pages"
# Not pages at all, or nothing to see for who is signed in.
# In the last one, the empty document of the block editor, no script runs, not even the driver's.
LEFT_OUT = {"logout", "login", "healthz", "metrics", "jsi18n", "template_blocks_canvas"}
VARIANTS = {"1440-light": (1440, 900, "light"), "1440-dark": (1440, 900, "dark"), "390-light": (390, 844, "light")}

# Faults of Swagger UI's own markup, of which only the looks are ours.
NOT_OURS = {"api_docs: nested-interactive", "api_docs: scrollable-region-focusable"}


def pages_without_arguments() -> Iterator[str]:
    """The names of all URLs of ours that need no argument."""
    yield from _names(get_resolver().url_patterns)


def _names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            # What has a namespace or lives under api/ belongs to the admin or to programs.
            if not entry.namespace and not str(entry.pattern).startswith("api/"):
                yield from _names(entry.url_patterns)
        elif entry.name and not entry.pattern.regex.groups and entry.name not in LEFT_OUT:
            yield entry.name


# JavaScript: the first few elements that stick out of the window.
TOO_FAR_RIGHT = """() => [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 5).map((one) => one.outerHTML.slice(0, 90))
"""


def problems_of(page: Page, width: int) -> list[str]:
    found = []
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        found.append(f"is {wide} px wide: {page.evaluate(TOO_FAR_RIGHT)}")
    for violation in Axe().run(page).response["violations"]:
        if violation["impact"] in ("serious", "critical"):
            targets = [node["target"][0] for node in violation["nodes"][:4]]
            found.append(f"{violation['id']}: {targets}")
    return found


class Walk:
    """Goes from page to page and gathers what is wrong with them, and a picture of each."""

    def __init__(self, page: Page, variant: str) -> None:
        self.page, self.variant = page, variant
        self.width, height, scheme = VARIANTS[variant]
        page.set_viewport_size({"width": self.width, "height": height})
        page.emulate_media(color_scheme=scheme)
        self.visited = 0
        self.found: list[str] = []
        self.refused: list[str] = []

    def visit(self, name: str, url: str, status: int = 200) -> None:
        answer = self.page.goto(url)
        assert answer is not None
        if status >= 400:
            self.refused.append(url)
        self.look(name, [] if answer.status == status else [f"answers {answer.status}"])

    def look(self, name: str, problems: list[str]) -> None:
        self.visited += 1
        problems = problems or problems_of(self.page, self.width)
        self.page.screenshot(path=PICTURES / self.variant / f"{name}.png", full_page=True)
        named = [f"{name}: {problem}" for problem in problems]
        self.found += [problem for problem in named if problem.rpartition(": ")[0] not in NOT_OURS]

    def forget_refusals(self, errors: list[str]) -> None:
        """Take out what a browser says by itself of each page that was meant to be answered with an error."""
        for url in self.refused:
            errors.remove(next(error for error in errors if error.startswith(f"{url}: Failed to load resource")))


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_page_is_clean_and_fits(variant: str, site: str, signed_in: Page) -> None:
    urls = {name: reverse(name) for name in pages_without_arguments()} | examples.pages()
    walk = Walk(signed_in, variant)
    for name, url in urls.items():
        # Parts of pages, and what only takes a form's data, are seen in the stories of the pages that use them.
        first = signed_in.request.get(site + url)
        if first.status != 405 and "<!doctype html>" in first.text()[:200]:
            walk.visit(name, site + url)
    assert walk.found == []
    assert walk.visited > 15


@pytest.mark.parametrize("variant", VARIANTS)
def test_pages_of_delivery_chains_and_designs_are_clean_and_fit(variant: str, site: str, signed_in: Page) -> None:
    walk = Walk(signed_in, variant)
    walk.visit("budget-off", site + reverse("budget"))
    for name, url in delivery_examples.pages().items():
        walk.visit(name, site + url)
        if name == "chain_page":
            for step in signed_in.locator("[data-step] summary.chain-head").all():
                step.click()
            walk.look("chain_page-open", [])
            signed_in.get_by_role("button", name="Settings").click()
            expect(signed_in.locator("dialog[open]")).to_be_visible()
            walk.look("chain_settings", [])
        if name in ("template_sms", "template_html"):
            signed_in.get_by_role("button", name="Send a test").click()
            expect(signed_in.locator("dialog[open]")).to_be_visible()
            walk.look(f"{name}-test", [])
    assert walk.found == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_lists_with_nothing_in_them_are_clean_and_fit(variant: str, site: str, signed_in: Page) -> None:
    walk = Walk(signed_in, variant)
    lists = [name for name in pages_without_arguments() if name.endswith("_list")] + ["home", "inbox"]
    for name in lists:
        walk.visit(f"{name}-empty", site + reverse(name))
        walk.visit(f"{name}-no-match", f"{site}{reverse(name)}?q=nothing+like+it")
    assert walk.found == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_strangers_see_is_clean_and_fits(variant: str, site: str, page: Page, page_errors: list[str]) -> None:
    walk = Walk(page, variant)
    walk.visit("login", site + reverse("login"))
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("a guess")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    walk.look("login-refused", [])
    page.goto(site + reverse("api_docs"))
    page.get_by_placeholder("Filter by tag").fill("contacts")
    page.get_by_role("link", name="contacts", exact=True).click()
    operation = page.locator(".opblock", has_text="/api/v1/contacts/bulk/")
    operation.click()
    expect(operation).to_contain_text("Update or create up to 10,000 contacts")
    walk.look("api_docs", [])
    for name, (url, status) in examples.pages_for_contacts().items():
        walk.visit(name, site + url, status)
    assert walk.found == []
    walk.forget_refusals(page_errors)


@pytest.mark.parametrize("variant", VARIANTS)
def test_errors_are_clean_and_fit(
    variant: str, site: str, signed_in: Page, page_errors: list[str], settings: Any
) -> None:
    settings.ROOT_URLCONF = "tests.config.broken_urls"
    walk = Walk(signed_in, variant)
    for path, status in (("senseless", 400), ("forbidden", 403), ("nowhere", 404), ("broken", 500)):
        walk.visit(f"error-{status}", f"{site}/{path}/", status)
    assert walk.found == []
    walk.forget_refusals(page_errors)
