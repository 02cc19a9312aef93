"""A changed brand reaches what is published."""

import pytest
from django.test import Client

from config.models import User
from templates_app import composing, publishing, rebranding
from templates_app.models import Brand, Template
from templates_app.starters import starters
from tests.make import NOW

pytestmark = pytest.mark.django_db


def designed() -> Template:
    words = {"subject": "Hi", **composing.words(starters()["plain"].design)}
    return publishing.create("Letter", "email", words, None)


def rebrand(address: str = "5 Elm Street") -> None:
    Brand.objects.update_or_create(pk=1, defaults={"address": address})


def test_a_design_is_published_in_the_brand_of_now() -> None:
    template = designed()
    rebrand()
    publishing.publish(template.versions.get(), None, NOW)
    template.refresh_from_db()
    assert template.published is not None
    assert "5 Elm Street" in template.published.body


def test_published_designs_are_refreshed_but_not_those_with_a_draft() -> None:
    template = designed()
    publishing.publish(template.versions.get(), None, NOW)
    assert rebranding.stale().ready == []
    rebrand()
    assert rebranding.stale().ready == [template]
    assert rebranding.refresh(None, NOW) == [template]
    template.refresh_from_db()
    assert template.published is not None
    assert (template.published.number, "5 Elm Street" in template.published.body) == (2, True)
    assert rebranding.stale().ready == []
    publishing.draft_of(template, None)
    rebrand("6 Oak Street")
    assert (rebranding.stale().ready, rebranding.stale().held) == ([], [template])
    assert rebranding.refresh(None, NOW) == []


def test_the_brand_page_offers_it_to_who_may_publish() -> None:
    publishing.publish(designed().versions.get(), None, NOW)
    rebrand()
    client = Client()
    client.force_login(User.objects.create_superuser("ada", "ada@example.com", "x"))
    assert "1 published template shows" in client.get("/settings/brand/").content.decode()
    assert client.post("/settings/brand/refresh/").status_code == 302
    assert Template.objects.get().versions.count() == 2
    nobody = Client()
    nobody.force_login(User.objects.create_user("vic", password="x"))
    assert nobody.post("/settings/brand/refresh/").status_code == 403
