"""Every page, in a browser: no error, no overflow, nothing that shuts people out; and a picture of each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Page, expect

from tests.stories import examples

PICTURES = Path(__file__).resolve().parents[2] / "test-results" / "pages"
# Not pages of ours, or not pages at all.
LEFT_OUT = {"api_schema", "api_docs", "logout", "login", "healthz", "metrics", "jsi18n"}
VARIANTS = {"1440-light": (1440, 900, "light"), "1440-dark": (1440, 900, "dark"), "390-light": (390, 844, "light")}


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


def problems_of(page: Page, width: int) -> list[str]:
    found = []
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        found.append(f"is {wide} px wide")
    for violation in Axe().run(page).response["violations"]:
        if violation["impact"] in ("serious", "critical"):
            targets = [node["target"][0] for node in violation["nodes"][:4]]
            found.append(f"{violation['id']}: {targets}")
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_page_is_clean_and_fits(variant: str, site: str, signed_in: Page) -> None:
    width, height, scheme = VARIANTS[variant]
    urls = {name: reverse(name) for name in pages_without_arguments()} | examples.pages()
    signed_in.set_viewport_size({"width": width, "height": height})
    signed_in.emulate_media(color_scheme=scheme)
    found: dict[str, list[str]] = {}
    visited = 0
    for name, url in urls.items():
        # Parts of pages, and what only takes a form's data, are seen in the stories of the pages that use them.
        first = signed_in.request.get(site + url)
        if first.status == 405 or "<!doctype html>" not in first.text()[:200]:
            continue
        answer = signed_in.goto(site + url)
        assert answer is not None
        visited += 1
        problems = problems_of(signed_in, width) if answer.ok else [f"answers {answer.status}"]
        signed_in.screenshot(path=PICTURES / variant / f"{name}.png", full_page=True)
        if problems:
            found[name] = problems
    assert found == {}, "\n".join(f"{name}: {problem}" for name, problems in found.items() for problem in problems)
    assert visited > 15


def test_the_apis_documentation_opens_for_everybody_without_an_error(
    site: str, page: Page, page_errors: list[str]
) -> None:
    page.goto(site + reverse("api_docs"))
    operation = page.locator(".opblock", has_text="/api/v1/contacts/bulk/")
    operation.click()
    expect(operation).to_contain_text("Update or create up to 10,000 contacts")
    assert page_errors == []
