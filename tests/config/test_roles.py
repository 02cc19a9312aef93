"""Administrators do everything, marketers all but the installation's settings, viewers look."""

import pytest

from config.models import ApiKey, User
from config.roles import Role, give, role_of
from contacts.models import Installation
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db


CHANGES = ["contacts.change_contact", "contacts.add_segment", "templates_app.change_template", "flows.delete_scenario"]
CHANGES += ["campaigns.send_campaign", "campaigns.add_campaign"]
ADMINISTRATORS = [
    "contacts.change_installation",
    "campaigns.add_provider",
    "campaigns.add_price",
    "config.add_apikey",
    "config.change_user",
]


def test_a_marketer_changes_the_daily_work_and_only_looks_at_the_settings() -> None:
    mara = person(Role.MARKETER)
    assert mara.has_perms(CHANGES)
    assert not any(mara.has_perm(permission) for permission in ADMINISTRATORS)
    assert mara.has_perms(["campaigns.view_provider", "contacts.view_installation"])


def test_a_viewer_sees_everything_and_changes_nothing() -> None:
    victor = person(Role.VIEWER, "victor")
    assert victor.has_perms(["contacts.view_contact", "flows.view_scenario", "campaigns.view_message"])
    assert not [name for name in victor.get_all_permissions() if not name.partition(".")[2].startswith("view_")]


def test_an_administrator_may_do_everything() -> None:
    assert person(Role.ADMINISTRATOR, "ada").has_perms(CHANGES + ADMINISTRATORS)


def test_a_new_role_replaces_the_old_one() -> None:
    mara = person(Role.ADMINISTRATOR)
    give(mara, Role.VIEWER)
    mara = User.objects.get(pk=mara.pk)
    assert role_of(mara) == Role.VIEWER
    assert not mara.is_staff


@pytest.mark.parametrize("role", [Role.MARKETER, Role.VIEWER])
def test_who_is_no_administrator_cannot_change_settings_keys_or_people(role: str) -> None:
    client = signed_in(person(role))
    Installation.current()
    assert client.get("/settings/").status_code == 200
    assert client.post("/settings/", {"name": "Mine"}).status_code == 403
    assert client.post("/settings/api-keys/new/", {"name": "x", "everything": "on"}).status_code == 403
    assert client.get("/settings/people/").status_code == 403
    assert client.get("/admin/", follow=True).status_code == 403
    assert Installation.current().name == "Waypost"
    assert not ApiKey.objects.exists()


def test_an_administrator_cannot_lock_themselves_out() -> None:
    ada = person(Role.ADMINISTRATOR, "ada")
    answer = signed_in(ada).post(
        f"/settings/people/{ada.pk}/", {"username": "ada", "role": Role.VIEWER, "is_active": "on"}
    )
    assert "cannot take your own" in answer.text
    ada.refresh_from_db()
    assert ada.is_superuser


def test_an_administrator_adds_a_person_with_a_role() -> None:
    answer = signed_in(person(Role.ADMINISTRATOR, "ada")).post(
        "/settings/people/new/",
        {
            "username": "mara",
            "role": Role.MARKETER,
            "password1": "a long and rare phrase",
            "password2": "a long and rare phrase",
        },
    )
    assert answer.status_code == 302
    mara = User.objects.get(username="mara")
    assert role_of(mara) == Role.MARKETER
    assert mara.check_password("a long and rare phrase")
