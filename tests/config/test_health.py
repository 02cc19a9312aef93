"""Machines see that Waypost works and how much it has to do; strangers do not see the latter."""

import pytest
from django.db import connection
from django.test import Client, override_settings
from django_q.models import OrmQ

from config.models import User
from tests import make

pytestmark = pytest.mark.django_db


def test_healthz_answers_anybody(client: Client) -> None:
    answer = client.get("/healthz", REMOTE_ADDR="203.0.113.9")
    assert (answer.status_code, answer.json()) == (200, {"database": "answers"})


def test_metrics_count_queues_and_estimate_the_big_tables(client: Client) -> None:
    make.contacts(200)
    OrmQ.objects.create(key="send", payload="x")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE contacts_contact")
    text = client.get("/metrics").content.decode()
    assert 'waypost_queue_depth{lane="send"} 1' in text
    assert 'waypost_queue_depth{lane="advance"} 0' in text
    assert 'waypost_rows{table="contact"} 200' in text
    assert all(line.startswith(("#", "waypost_")) for line in text.splitlines())


def test_metrics_look_through_no_big_table(client: Client, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(9) as queries:
        client.get("/metrics")
    assert not [
        query for query in queries.captured_queries if "count(" in query["sql"].lower() and "ormq" not in query["sql"]
    ]


def test_strangers_do_not_see_the_metrics(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 401
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401


def test_who_knows_the_token_or_is_signed_in_sees_them(client: Client) -> None:
    with override_settings(METRICS_TOKEN="open sesame"):
        right = client.get("/metrics", REMOTE_ADDR="203.0.113.9", headers={"Authorization": "Bearer open sesame"})
        wrong = client.get("/metrics", REMOTE_ADDR="203.0.113.9", headers={"Authorization": "Bearer sesame"})
    assert (right.status_code, wrong.status_code) == (200, 401)
    client.force_login(User.objects.create_user("ana"))
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 200


def test_a_page_opened_before_an_upgrade_still_finds_its_files(client: Client, settings) -> None:
    answer = client.get("/static/0123456789ab/css/base.css")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{settings.STATIC_URL}css/base.css")
    found = client.get(answer.headers["Location"])
    assert found.status_code == 200
    assert "immutable" in found.headers["Cache-Control"]
    found.close()
    assert client.get(f"{settings.STATIC_URL}css/nowhere.css").status_code == 404
