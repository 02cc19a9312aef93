"""Setting providers up in the pages, and trying them there."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from campaigns import configuring, providers
from campaigns.models import Provider
from config.models import User

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def test_a_provider_is_created_and_edited_in_its_page_and_its_password_never_shown(keeper: Client) -> None:
    fields = {
        "name": "Post", "host": "127.0.0.1", "port": "2525", "security": "none", "username": "ann",
        "password": "s3cret-word", "from_name": "Shop", "from_email": "shop@example.com", "timeout": "10",
    }  # fmt: skip
    assert keeper.post("/providers/new/?kind=smtp&channel=email", fields).status_code == 302
    provider = Provider.objects.get(kind="smtp")
    assert provider.is_default
    page = keeper.get(f"/providers/{provider.pk}/").content.decode()
    assert "Leave empty to keep" in page
    assert "s3cret" not in page
    keeper.post(f"/providers/{provider.pk}/", fields | {"password": "", "name": "Post office"})
    provider.refresh_from_db()
    assert provider.name == "Post office"
    assert configuring.secrets.decrypt(provider.secrets) == {"password": "s3cret-word"}


def test_the_page_shows_what_is_wrong_and_keeps_what_was_typed(keeper: Client) -> None:
    page = keeper.post(
        "/providers/new/?kind=smtp&channel=email", {"name": "", "host": "h", "port": "x"}
    ).content.decode()
    assert page.count("This field is required.") >= 1
    assert "Enter a whole number." in page
    assert not Provider.objects.filter(kind="smtp").exists()


def test_a_test_message_is_sent_from_the_page_and_read_in_the_inbox(keeper: Client) -> None:
    email, sms = providers.for_channel("email"), providers.for_channel("sms")
    assert "ann@example.com" in keeper.get(f"/providers/{email.pk}/test/", headers=HTMX).content.decode()
    answer = keeper.post(f"/providers/{email.pk}/test/", {"recipient": "bo@example.com"}).content.decode()
    assert "The provider took the message." in answer
    assert "phone number" in keeper.post(f"/providers/{sms.pk}/test/", {"recipient": "bo"}).content.decode()
    keeper.post(f"/providers/{sms.pk}/test/", {"recipient": "+33612345678"})
    listed = keeper.get("/inbox/").content.decode()
    assert "bo@example.com" in listed
    assert "+33612345678" in listed
    assert "bo@example.com" not in keeper.get("/inbox/?channel=sms").content.decode()
    assert "+33612345678" not in keeper.get("/inbox/?q=BO@").content.decode()


def test_the_dialog_of_a_test_has_a_page_around_it_when_its_address_is_typed(keeper: Client) -> None:
    test = f"/providers/{providers.for_channel('email').pk}/test/"
    page = keeper.get(test, follow=True)
    assert page.redirect_chain == [(test.replace("test/", "?dialog=test"), 302)]
    assert f'<div id="dialog" hx-get="{test}" hx-trigger="load">' in page.text
    assert '<div id="dialog"></div>' in keeper.get(test.replace("test/", "?dialog=https://example.com/")).text


def test_who_may_not_change_providers_only_looks() -> None:
    user = User.objects.create_user("viewer", password="x")
    user.user_permissions.set(Permission.objects.filter(codename="view_provider"))
    client = Client()
    client.force_login(user)
    pk = providers.for_channel("email").pk
    assert client.get("/providers/").status_code == 200
    for path in ("new/", f"{pk}/", f"{pk}/test/", f"{pk}/delete/"):
        assert client.get(f"/providers/{path}").status_code == 403
    assert client.post(f"/providers/{pk}/disable/").status_code == 403
    assert client.get("/inbox/").status_code == 403
