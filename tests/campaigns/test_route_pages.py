"""Which provider takes what, in pages and the API: breakers, topics' routes and warm-up, and who may touch them."""

from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Breaker, Provider, TopicRoute
from config.models import ApiKey
from contacts.days import day_of
from tests import make
from tests.campaigns.outages import open_up
from tests.make import NOW

pytestmark = pytest.mark.django_db
D = Decimal


def test_a_provider_that_is_left_alone_says_so_and_is_tried_and_closed_by_hand(boss: Client) -> None:
    provider = Provider.objects.get(channel="email")
    open_up(provider)
    listed = boss.get("/providers/").text
    assert "Left alone" in listed
    assert "The server refused the connection." in listed
    page = boss.get(f"/providers/{provider.pk}/").text
    assert "It keeps failing and is left alone" in page
    assert "Try now" in page
    boss.post(f"/providers/{provider.pk}/try-now/")
    assert Breaker.objects.get().probes_at > NOW  # now, on the wall's clock
    boss.post(f"/providers/{provider.pk}/close/")
    assert Breaker.objects.get().state == "closed"
    page = boss.get(f"/providers/{provider.pk}/").text
    assert "It keeps failing" not in page
    assert "bea said so." in page


def test_looking_at_providers_does_not_let_one_try_or_close(marketer: Client) -> None:
    provider = Provider.objects.get(channel="email")
    open_up(provider)
    for path in (f"{provider.pk}/try-now/", f"{provider.pk}/close/", "topics/"):
        assert marketer.post(f"/providers/{path}").status_code == 403
    assert Breaker.objects.get().state == "open"


def test_topics_are_chosen_replaced_and_removed_on_the_page(boss: Client) -> None:
    first = Provider.objects.get(channel="email")
    other = Provider.objects.create(channel="email", kind="local", name="Other")
    make.topic("offers", "Big offers")
    boss.post("/providers/topics/", {"topic": "offers", "provider": first.pk})
    boss.post("/providers/topics/", {"topic": "offers", "provider": other.pk})
    route = TopicRoute.objects.get()
    assert (route.topic, route.provider) == ("offers", other)
    assert "Big offers" in boss.get("/providers/").text
    assert "There is no topic “big”" in boss.post("/providers/topics/", {"topic": "big", "provider": other.pk}).text
    assert "This field is required" in boss.post("/providers/topics/", {"topic": "", "provider": other.pk}).text
    boss.post(f"/providers/topics/{route.pk}/remove/")
    assert not TopicRoute.objects.exists()


def test_routes_of_a_provider_are_set_in_its_form(boss: Client) -> None:
    provider = Provider.objects.get(channel="email")
    other = Provider.objects.create(channel="email", kind="local", name="Other")
    sms = Provider.objects.get(channel="sms")
    given = {
        "name": "Mine", "fallback": other.pk, "most_failures": "3", "most_percent": "", "spills_over": "on",
        "warmup_starts": f"{NOW:%Y-%m-%d}", "warmup_first": "10", "warmup_growth": "2", "warmup_days": "60",
    }  # fmt: skip
    assert boss.post(f"/providers/{provider.pk}/", given).status_code == 302
    provider.refresh_from_db()
    assert (provider.fallback, provider.most_failures, provider.most_percent) == (other, 3, 50)
    assert (provider.spills_over, provider.resumes_itself, provider.warmup_growth) == (True, False, D(2))
    for wrong in ({"fallback": sms.pk}, {"fallback": provider.pk}, {"warmup_growth": "0.5"}, {"most_percent": "0"}):
        page = boss.post(f"/providers/{provider.pk}/", given | wrong)
        assert page.status_code == 200, wrong
        assert 'class="error"' in page.text, wrong


def test_a_warm_up_is_shown_day_by_day(boss: Client) -> None:
    provider = Provider.objects.get(channel="email")
    Provider.objects.filter(pk=provider.pk).update(warmup_starts=day_of(timezone.now()), warmup_days=3)
    page = boss.get(f"/providers/{provider.pk}/").text
    assert "The warm-up, day by day" in page
    assert "Today" in page
    assert '<td class="number">112</td>' in page


def test_programs_set_routes_and_see_breakers(client: Client) -> None:
    key = ApiKey.objects.issue("Shop", ["providers:read", "providers:write"])[1]
    auth = {"Authorization": f"Bearer {key}"}
    email, sms = Provider.objects.get(channel="email"), Provider.objects.get(channel="sms")
    other = Provider.objects.create(channel="email", kind="local", name="Other")

    def patch(body: dict) -> tuple[int, dict]:
        answer = client.patch(f"/api/v1/providers/{email.pk}/", body, "application/json", headers=auth)
        return answer.status_code, answer.json()

    assert patch({"fallback": other.pk, "resumes_itself": True})[1]["fallback"] == other.pk
    assert patch({"fallback": sms.pk})[1] == {"fallback": ["Name another provider of the same channel."]}
    assert patch({"fallback": email.pk})[0] == 400
    assert patch({"name": "Renamed"})[1]["resumes_itself"] is True
    assert patch({})[1]["breaker"] is None
    open_up(email)
    assert patch({})[1]["breaker"]["state"] == "open"
    answer = client.post(f"/api/v1/providers/{email.pk}/close/", headers=auth).json()
    assert answer["breaker"]["state"] == "closed"
    route = {"topic": "offers", "provider": other.pk}
    assert client.post("/api/v1/topic-routes/", route, "application/json", headers=auth).status_code == 400
    make.topic("offers")
    made = client.post("/api/v1/topic-routes/", route, "application/json", headers=auth)
    assert (made.status_code, made.json()["channel"]) == (201, "email")
    assert client.delete(f"/api/v1/topic-routes/{made.json()['id']}/", headers=auth).status_code == 204
