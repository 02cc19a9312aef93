"""To which hosts an account of an email service, and with it its key, may lead."""

import pytest

from campaigns import configuring, providers

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://api.eu.mailgun.net/v3", True),
        ("http://localhost:8025/", True),
        ("http://127.0.0.1:1/", True),
        ("http://mail.intern/", False),
        ("http://169.254.169.254/latest/", False),
        ("http://localhost.evil.example/", False),
        ("https://me:secret@api.example.com/", False),
        ("https://api.example.com/?x=", False),
        ("file:///etc/passwd", False),
        ("gopher://localhost/", False),
        ("https://", False),
        ("https://[::1", False),
        ("https://a.example\r\nHost: b", False),
    ],
)
def test_keys_are_led_only_to_hosts_that_keep_them(url: str, is_good: bool) -> None:
    form_class = providers.registry()["mailgun"].Form
    given = form_class.defaults({}) | {"api_key": "k", "from_email": "a@example.com", "api_url": url}
    assert ("api_url" not in configuring.settings_form("mailgun", given).errors) == is_good


def test_a_host_that_the_environment_names_needs_no_https(settings: object) -> None:
    settings.PLAIN_API_HOSTS = ["postal.intern"]
    form_class = providers.registry()["postal"].Form
    given = form_class.defaults({}) | {
        "api_key": "k",
        "from_email": "a@example.com",
        "api_url": "http://postal.intern:5000/",
    }
    assert configuring.settings_form("postal", given).is_valid()
