"""Lets providers fail, recover, and be given up by their breakers."""

from typing import Any

from campaigns.delivery import breaker
from campaigns.models import Breaker, Provider
from campaigns.providers.base import Result
from tests.campaigns import letters
from tests.make import NOW
from tests.outside import MailServer

OUTAGE = Result("failed", reason="The server refused the connection.", temporary=True, outage=True)


def unreachable(server: MailServer, **fields: Any) -> Provider:
    """An account whose server refuses every connection."""
    account = letters.account(server)
    Provider.objects.filter(pk=account.pk).update(settings={**account.settings, "port": 1}, **fields)
    return Provider.objects.get(pk=account.pk)


def mend(account: Provider, server: MailServer) -> None:
    Provider.objects.filter(pk=account.pk).update(settings={**account.settings, "port": server.port})


def learned(results: list[Result], provider: Provider, at: Any = NOW) -> str:
    breaker.learn(Provider.objects.select_related("breaker").get(pk=provider.pk), results, at)
    found = Breaker.objects.filter(provider=provider).first()
    return found.state if found else "none"


def open_up(account: Provider, at: Any = NOW) -> None:
    for n in range(account.most_failures):
        assert learned([OUTAGE], account, at), n
    assert Breaker.objects.get(provider=account).state == "open"
