"""Estimates on real contacts how long an SMS becomes once its fields are filled in, and what that costs."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Max, Min

from contacts.models import Contact
from contacts.places import country_name, country_of
from templates_app import carrying, rendering
from templates_app.sms_parts import parts

SAMPLE = 1_000
DRAWN = 5_000  # numbers of contacts that are tried where there are many more: not each has a phone
COUNTRIES = 5


@dataclass(frozen=True)
class Share:
    """So many per cent of the sample get `segments` parts; 0 stands for less than half a per cent."""

    segments: int
    contacts: int
    percent: int


@dataclass(frozen=True)
class Cost:
    """What one contact of a country costs on average; None where no price is known for it."""

    country: str
    contacts: int
    each: Decimal | None


@dataclass(frozen=True)
class Lengths:
    """`contacts` were looked at, of whom for `failed` it could not be rendered. Letters and parts are of the others.

    each: the average price of one contact for whom one is known, or None; thousand: of a thousand of them.
    """

    contacts: int
    failed: int
    shares: tuple[Share, ...]
    least: int
    typical: int
    most: int
    longest: Contact | None
    unicode: int
    each: Decimal | None
    costs: tuple[Cost, ...]
    unpriced: int
    priced: bool
    currency: str

    @property
    def typical_share(self) -> Share | None:
        return max(self.shares, key=lambda share: share.contacts, default=None)

    @property
    def thousand(self) -> Decimal | None:
        return None if self.each is None else self.each * 1_000


def lengths(source: str, event_properties: Mapping[str, Any] | None = None) -> Lengths | None:
    """None where there is no contact with a phone, or where the source is not Liquid."""
    people = sample()
    link = carrying.shortened(source)
    try:
        text = rendering.compile(link.source, False)
    except rendering.RenderError:
        return None
    if not people:
        return None
    found: list[tuple[Contact, int, int, bool]] = []
    for contact in people:
        context = rendering.context_of(contact, event_properties) | dict(link.addresses)
        try:
            count = parts(text.render(context).strip())
        except rendering.RenderError:
            continue
        found.append((contact, count.segments, count.units, count.encoding != "GSM"))
    return _summed(people, found)


def _summed(people: Sequence[Contact], found: Sequence[tuple[Contact, int, int, bool]]) -> Lengths:
    prices = carrying.prices()
    counted = Counter(segments for _, segments, _, _ in found)
    ordered = sorted(found, key=lambda one: (one[1], one[2]))
    costs = _costs(found, prices) if prices else ()
    known = [cost for cost in costs if cost.each is not None]
    reached = sum(cost.contacts for cost in known)
    each = sum((cost.each * cost.contacts for cost in known if cost.each is not None), Decimal(0)) / (reached or 1)
    return Lengths(
        contacts=len(people),
        failed=len(people) - len(found),
        shares=tuple(
            Share(segments, n, round(n * 100 / len(found))) for segments, n in sorted(counted.items()) if segments
        ),
        least=ordered[0][1] if ordered else 0,
        typical=ordered[len(ordered) // 2][1] if ordered else 0,
        most=ordered[-1][1] if ordered else 0,
        longest=ordered[-1][0] if ordered else None,
        unicode=sum(one[3] for one in found),
        each=each if reached else None,
        costs=costs[:COUNTRIES],
        unpriced=sum(cost.contacts for cost in costs if cost.each is None),
        priced=bool(prices),
        currency=carrying.currency(),
    )


def _costs(found: Sequence[tuple[Contact, int, int, bool]], prices: Mapping[str, Decimal]) -> tuple[Cost, ...]:
    """By country, the most frequent first."""
    segments: dict[str, list[int]] = {}
    for contact, n, _, _ in found:
        segments.setdefault(country_of(contact), []).append(n)
    costs = []
    for country, counts in sorted(segments.items(), key=lambda item: (-len(item[1]), item[0])):
        price = prices.get(country, prices.get(""))
        each = None if price is None else price * sum(counts) / len(counts)
        costs.append(Cost(country_name(country) if country else "Unknown country", len(counts), each))
    return tuple(costs)


def sample() -> list[Contact]:
    """At most SAMPLE contacts with a phone, the same ones as long as none come or go, spread over all."""
    reachable = Contact.objects.filter(phone__gt="")
    ends = Contact.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return []
    numbers = range(ends["first"], ends["last"] + 1)
    if len(numbers) > DRAWN * 2:
        drawn = random.Random(len(numbers)).sample(numbers, DRAWN)  # noqa: S311 - for a sample, not for a secret
        found = list(reachable.filter(pk__in=drawn).order_by("pk")[:SAMPLE])
        if len(found) >= SAMPLE // 4:
            return found
    return list(reachable.order_by("-pk")[:SAMPLE])
