"""The pages of versions and what the canvas sends while a scenario runs."""

from typing import Any

import pytest
from django.test import Client

from flows import publishing, starting, triggering
from flows.models import Execution, Flow, Scenario
from tests import make
from tests.flows.drive import until_still
from tests.flows.test_scenario_pages import mara  # noqa: F401 - fixtures
from tests.make import NOW

pytestmark = pytest.mark.django_db

CALL = ("on", "on_event", {"event": "api.call"})
WAITING = make.graph(CALL, ("rest", "wait", {"amount": 1, "unit": "days"}), edges="on>rest")
TAGGING = make.graph(CALL, ("tag", "tag", {"add": ["called"]}), edges="on>tag")


@pytest.fixture
def scenario(db: None) -> Scenario:
    """A running one in which three contacts wait."""
    made = make.scenario(WAITING, name="Calls")
    starting.start(made, NOW)
    triggering.call(made, make.contacts(3), {}, NOW)
    return made


def post(browser: Client, scenario: Scenario, path: str, **sent: Any) -> Any:
    return browser.post(f"/scenarios/{scenario.pk}/{path}/", sent, content_type="application/json").json()


def test_a_running_scenario_is_drawn_on_and_published(mara: Client, scenario: Scenario) -> None:  # noqa: F811
    assert 'data-read-only=""' in mara.get(f"/scenarios/{scenario.pk}/").text
    kept = post(mara, scenario, "draft", graph=TAGGING, base=1, draft="")
    assert kept["draft"] and kept["problems"] == []
    page = mara.get(f"/scenarios/{scenario.pk}/").text
    assert f'data-draft="{kept["draft"]}"' in page
    assert "You are editing a draft; version <span data-live>1</span> is live. Saved by mara" in page
    refused = post(mara, scenario, "publish", objective={}, base=1, draft=kept["draft"])
    assert refused["refused"][0]["node"] == "rest"
    answer = {"redirects": {"rest": "tag"}, "objective": {"kind": "clicked"}}
    assert post(mara, scenario, "publish", base=1, draft=kept["draft"], **answer)["number"] == 2
    until_still(NOW)
    assert set(Execution.objects.values_list("state", "node")) == {("completed", "tag")}
    scenario.refresh_from_db()
    assert (scenario.objective, scenario.flow.created_by.username) == ({"kind": "clicked"}, "mara")


def test_whoever_is_overtaken_is_told_by_whom(mara: Client, scenario: Scenario) -> None:  # noqa: F811
    post(mara, scenario, "draft", graph=TAGGING, base=1, draft="")
    conflict = post(mara, scenario, "draft", graph=WAITING, base=1, draft="")["conflict"]
    assert (conflict["what"], conflict["by"]) == ("a draft", "mara")
    assert "running" in post(mara, scenario, "save", graph=TAGGING, base=1, draft=None)["refused"][0]["message"]


def test_versions_are_listed_with_who_and_what_and_one_is_restored(
    mara: Client,  # noqa: F811
    scenario: Scenario,
) -> None:
    publishing.publish(scenario, TAGGING, {}, None, 1, NOW, publishing.Answers({"rest": "tag"}))
    page = mara.get(f"/scenarios/{scenario.pk}/versions/").text
    assert "Version 2" in page and "Version 1" in page
    assert "Wait: 1 day" in page
    shown = mara.get(f"/scenarios/{scenario.pk}/versions/1/").text
    assert "You are looking at version 1." in shown
    assert "save-dialog" not in shown
    marked = mara.get(f"/scenarios/{scenario.pk}/versions/2/?since=1").text
    assert '"marks": {"tag": "added"}' in marked
    compared = mara.get(f"/scenarios/{scenario.pk}/versions/compare/?from=1&to=2").text
    assert "From version 1 to version 2" in compared
    restore = f"/scenarios/{scenario.pk}/versions/1/restore/"
    assert "Restore version 1 as a draft?" in mara.get(restore).text
    assert mara.post(restore).url == f"/scenarios/{scenario.pk}/"
    scenario.refresh_from_db()
    assert scenario.draft == WAITING
    # Now there is a draft which the first question knew nothing of.
    assert mara.post(restore).url == restore
    assert "takes the place of the draft that mara saved" in mara.get(restore).text


def test_a_draft_is_discarded_only_after_a_question(mara: Client, scenario: Scenario) -> None:  # noqa: F811
    post(mara, scenario, "draft", graph=TAGGING, base=1, draft="")
    discard = f"/scenarios/{scenario.pk}/draft/discard/"
    assert "Discard the draft?" in mara.get(discard).text
    mara.post(discard)
    scenario.refresh_from_db()
    assert scenario.draft is not None
    mara.post(discard, query_params={"draft": publishing.stamp(scenario)})
    scenario.refresh_from_db()
    assert scenario.draft is None


def test_many_versions_cost_no_more_queries_than_one(
    mara: Client,  # noqa: F811
    scenario: Scenario,
    django_assert_max_num_queries: Any,
) -> None:
    for days in range(2, 12):
        graph = make.graph(CALL, ("rest", "wait", {"amount": days, "unit": "days"}), edges="on>rest")
        publishing.publish(scenario, graph, {}, None, None, NOW)
    mara.get(f"/scenarios/{scenario.pk}/versions/")
    with django_assert_max_num_queries(12):
        page = mara.get(f"/scenarios/{scenario.pk}/versions/").text
    assert "Wait: 10 days → Wait: 11 days" in page


def test_a_viewer_looks_and_changes_nothing(victor: Client, scenario: Scenario) -> None:
    for page in ("versions/", "versions/1/", "versions/compare/?from=1&to=1"):
        assert victor.get(f"/scenarios/{scenario.pk}/{page}").status_code == 200, page
    for path in ("draft", "draft/discard", "publish", "asked", "versions/1/restore"):
        assert victor.post(f"/scenarios/{scenario.pk}/{path}/").status_code == 403, path
    assert Flow.objects.count() == 1


def test_what_is_not_there_is_a_404(mara: Client, scenario: Scenario) -> None:  # noqa: F811
    for page in (
        "versions/9/",
        f"versions/{'9' * 30}/",
        "versions/1/?since=9",
        "versions/compare/",
        "versions/9/restore/",
    ):
        assert mara.get(f"/scenarios/{scenario.pk}/{page}").status_code == 404, page
