"""Reports as people read, sort and save them, and what is counted in them."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import counting
from campaigns.models import DayCount, HomeDay, Message, SavedReport
from campaigns.reports import links, reporting
from campaigns.reports.query import Query, period, rates
from campaigns.tracking import visits
from config.roles import Role
from contacts.models import Installation
from tests import make, recount
from tests.campaigns import letters
from tests.campaigns.reported import ASKED, counted, scenario
from tests.make import NOW
from tests.people import person

pytestmark = pytest.mark.django_db
MARCH = (date(2026, 3, 1), date(2026, 3, 31))


def test_a_report_is_empty_without_messages_and_says_what_to_do(client, mara):
    page = client.get("/reports/").content.decode()
    assert "Nothing was sent in this period" in page
    assert "No message matches" in client.get("/reports/?channel=sms").content.decode()
    for tab in ("links", "domains", "funnel", "cohorts", "saved"):
        assert 'class="empty"' in client.get(f"/reports/{tab}/").content.decode(), tab


def test_the_page_names_groups_and_draws_them(client, mara):
    which = counted(40)
    counting.count([(which._replace(device="mobile"), "opened", 10)], NOW)
    page = client.get(f"/reports/?by=scenario&{ASKED}").content.decode()
    assert "Welcome</a></th>" in page
    assert "25.0 %" in page
    assert "series-1" in page
    assert "style=" not in page
    page = client.get(f"/reports/?by=day&then=device&show=opened&{ASKED}").content.decode()
    assert "Tue 10 Mar 2026, Phone: 10" in page


def test_rows_are_sorted_by_any_column(client, mara):
    for n, name in enumerate(("Beta", "Alpha", "Gamma")):
        counted(10 * (n + 1), origin=f"scenario:{scenario(name).pk}:mail")

    def order(sort: str) -> list[str]:
        rows = client.get(f"/reports/?by=scenario&sort={sort}&{ASKED}").context["rows"]
        return [row.of[0].label for row in rows]

    assert order("") == ["Gamma", "Alpha", "Beta"]
    assert order("sent") == ["Beta", "Alpha", "Gamma"]
    assert order("name") == ["Alpha", "Beta", "Gamma"]
    assert order("-name") == ["Gamma", "Beta", "Alpha"]


def test_rates_have_one_denominator_each_and_none_where_there_is_nothing():
    counts = dict.fromkeys(recount.METRICS, 0) | {"sent": 80, "opened": 20, "clicked": 5, "bounced": 20}
    found = rates(counts)
    assert (found["open_rate"], found["click_to_open_rate"], found["bounce_rate"]) == (0.25, 0.25, 0.2)
    assert set(rates(dict.fromkeys(counts, 0)).values()) == {None}


ATTACKS = ["day); DROP TABLE campaigns_daycount; --", "sent) FROM auth_user --", "nonsense", "__class__", "\0"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_names_and_values_of_strangers_reach_no_statement(client, mara, program, attack):
    counted(3)
    for name in ("by", "then", "sort", "show", "period", "channel", "device"):
        with CaptureQueriesContext(connection) as asked:
            page = client.get("/reports/", {name: attack, "since": "2026-03-01"})
        assert page.status_code == 200, name
        assert "report" not in page.context or page.context.get("report") is None, name
        assert not [query for query in asked.captured_queries if attack in query["sql"]]
    for name in ("scenario", "campaign", "node", "variant", "segment", "template", "provider", "country", "language"):
        page = client.get("/reports/", {name: "' OR 1=1 --" + attack, "by": "day", "since": "2026-03-01"})
        assert page.status_code == 200, name
        report = page.context.get("report")
        assert report is None or report.rows == [], name
    assert program(f"?by={attack}").status_code == 400
    assert DayCount.objects.count() == 1


def test_a_report_is_saved_shared_changed_and_deleted_by_its_owner_only(client, mara):
    client.post("/reports/saved/new/", {"name": "Mine", "query": "by=week&period=90d&evil=1&saved=3"})
    mine = SavedReport.objects.get()
    assert (mine.query, mine.owner, mine.shared) == ("by=week&period=90d", mara, False)
    refused = client.post("/reports/saved/new/", {"name": "Mine", "query": "by=day"})
    assert "You have a report of this name." in refused.content.decode()
    page = client.get(f"/reports/?by=month&saved={mine.pk}").content.decode()
    assert "Update “Mine”" in page
    client.post(f"/reports/saved/{mine.pk}/update/", {"query": "by=month"})
    client.post(f"/reports/saved/{mine.pk}/", {"name": "Monthly"})
    mine.refresh_from_db()
    assert (mine.name, mine.query) == ("Monthly", "by=month")

    client.force_login(person(Role.MARKETER, "otto"), backend="django.contrib.auth.backends.ModelBackend")
    assert "Monthly</a>" not in client.get("/reports/saved/").content.decode()
    assert "Monthly</h1>" not in client.get(f"/reports/?saved={mine.pk}").content.decode()
    SavedReport.objects.update(shared=True)
    assert "Monthly</a>" in client.get("/reports/saved/").content.decode()
    for path in ("", "update/", "delete/"):
        assert client.post(f"/reports/saved/{mine.pk}/{path}", {"name": "x", "query": "by=day"}).status_code == 404
    client.force_login(person(Role.VIEWER, "vic"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/reports/saved/").status_code == 200
    assert client.post("/reports/saved/new/", {"name": "x", "query": ""}).status_code == 403
    client.force_login(mara, backend="django.contrib.auth.backends.ModelBackend")
    client.post(f"/reports/saved/{mine.pk}/delete/")
    assert not SavedReport.objects.exists()


def test_days_are_the_installations_also_when_clocks_are_changed():
    Installation.objects.update_or_create(pk=1, defaults={"timezone": "Europe/Paris"})
    # Clocks go from 02:00 to 03:00 on 29 March: this day has 23 hours, and begins at 23:00 UTC.
    moments = {
        datetime(2026, 3, 28, 22, 59, tzinfo=UTC): "2026-03-28",
        datetime(2026, 3, 28, 23, 0, tzinfo=UTC): "2026-03-29",
        datetime(2026, 3, 29, 21, 59, tzinfo=UTC): "2026-03-29",
        datetime(2026, 3, 29, 22, 0, tzinfo=UTC): "2026-03-30",
    }
    which = counted(0)
    for moment in moments:
        counting.count([(which, "sent", 1)], moment)
    report = reporting.report(Query(("day",), *MARCH))
    days = {row.of[0].key: row.counts["sent"] for row in report.rows if row.counts["sent"]}
    assert days == {"2026-03-28": 1, "2026-03-29": 2, "2026-03-30": 1}
    # What was counted keeps its day when the zone is changed.
    Installation.objects.update(timezone="Pacific/Auckland")
    counting.count([(which, "sent", 1)], datetime(2026, 3, 29, 21, 59, tzinfo=UTC))
    report = reporting.report(Query(("day",), *MARCH))
    assert {row.of[0].key: row.counts["sent"] for row in report.rows if row.counts["sent"]} == days | {"2026-03-30": 2}


def test_periods_move_along_with_today():
    today = date(2026, 3, 31)
    assert period("7d", today) == (date(2026, 3, 25), today)
    assert period("month", today) == (date(2026, 3, 1), today)
    assert period("last-month", today) == (date(2026, 2, 1), date(2026, 2, 28))
    assert period("12m", today) == (date(2025, 4, 1), today)
    assert period("24m", date(2026, 12, 5)) == (date(2025, 1, 1), date(2026, 12, 5))


def test_a_report_asks_the_same_number_of_questions_for_any_number_of_origins(django_assert_max_num_queries):
    counted(1)
    for groups in (("scenario", "country"), ("variant", "day"), ("segment",)):
        with django_assert_max_num_queries(14):
            reporting.report(Query(groups, *MARCH))
    for n in range(15):
        counted(1, origin=f"scenario:{scenario(f'Number {n}').pk}:mail")
    for groups in (("scenario", "country"), ("variant", "day"), ("segment",)):
        with django_assert_max_num_queries(14):
            reporting.report(Query(groups, *MARCH))


def test_no_report_reads_the_ledger(client, mara):
    counted(4)
    with CaptureQueriesContext(connection) as asked:
        for path in ("?by=scenario&then=country", "links/", "domains/", "funnel/", "cohorts/"):
            client.get(f"/reports/{path}")
    assert not [query["sql"] for query in asked.captured_queries if "campaigns_message" in query["sql"]]


def test_squashing_once_more_and_while_another_squashes_changes_nothing():
    counted(3, country="FR")
    before = reporting.report(Query(("country",), *MARCH)).total.counts
    counting.squash(NOW)
    counting.squash(NOW)
    assert reporting.report(Query(("country",), *MARCH)).total.counts == before
    assert HomeDay.objects.get().sent == 3
    assert DayCount.objects.get().loose is False


def test_a_link_counts_once_per_message_and_its_people_once_per_sender():
    ada = make.contact("ada@example.com")
    content = letters.content()
    (first,) = letters.queue([ada.pk], content, visit=1)
    (second,) = letters.queue([ada.pk], content, visit=2)
    for message in (first, first, second):
        message = Message.objects.select_related("origin").get(pk=message.pk)
        visits.clicked(message, 0, "https://shop.example/sale", NOW)
    (link,) = links.clicked(*MARCH)
    assert (link.clicks, link.people, link.url) == (2, 1, "https://shop.example/sale?a=1&b=2")
    counting.squash(NOW)
    assert [(one.clicks, one.people) for one in links.clicked(*MARCH)] == [(2, 1)]
    assert recount.of_tables() == {}


def test_the_message_page_and_list_say_by_name_what_a_message_belongs_to(client, mara):
    made = scenario("Spring")
    letters.queue([make.contact("ada@example.com").pk], letters.content(), origin=f"scenario:{made.pk}:mail")
    message = Message.objects.get()
    for page in ("/messages/", f"/messages/{message.pk}/", f"/messages/?origin=scenario:{made.pk}"):
        assert "Spring" in client.get(page).content.decode(), page
    assert f"<code>scenario:{made.pk}" not in client.get(f"/messages/{message.pk}/").content.decode()
