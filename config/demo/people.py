"""Invents contacts: believable, the same ones each time, and none that could be real."""

from datetime import date, timedelta
from random import Random
from typing import Any

# Domains and phone numbers that are set aside for examples, so that nothing can ever reach anybody.
DOMAINS = ["example.com", "example.org", "example.net"]
FIRST = """
    Ada Alma Amir Anna Arthur Aya Ben Bianca Carla Chloé Clara Daniel David Elena Elias Emil Emma Eva Felix Finn
    Freya Gabriel Giulia Hana Hugo Ida Ines Isla Ivan Jakob Jana João Jonas Julia Kai Karim Lara Laura Lea Leo
    Lina Louis Lucia Luka Maja Marco Maria Mateo Maya Mia Mila Nadia Nina Noah Nora Oliver Omar Oscar Paul Pedro
    Rosa Samir Sara Sofia Stella Theo Tom Vera Viktor Yara Zoé
""".split()  # noqa: SIM905 - a hundred quotes would be in the way
LAST = """
    Albrecht Almeida Andersen Baker Bauer Becker Bennett Berg Bernard Bianchi Brandt Carter Castillo Chen Costa
    Cruz Dubois Duran Eriksen Fischer Fontaine Garcia Girard Haas Hansen Hoffmann Hughes Ito Jansen Jensen Keller
    Kim Kowalski Larsen Laurent Lehmann Lopez Martin Mendes Meyer Moreau Moretti Murphy Müller Nakamura Nguyen
    Novak Okafor Olsen Patel Pereira Petrov Ricci Rossi Santos Schmidt Silva Singh Sørensen Tanaka Torres Vogel
    Wagner Weber
""".split()  # noqa: SIM905 - a hundred quotes would be in the way
# (country, language, time zone, cities, how many of a hundred people)
PLACES = [
    ("France", "fr", "Europe/Paris", ["Paris", "Lyon", "Nantes"], 26),
    ("Germany", "de", "Europe/Berlin", ["Berlin", "Hamburg", "Munich"], 24),
    ("United Kingdom", "en", "Europe/London", ["London", "Leeds", "Bristol"], 16),
    ("Spain", "es", "Europe/Madrid", ["Madrid", "Valencia"], 10),
    ("United States", "en", "America/New_York", ["Boston", "New York"], 12),
    ("Japan", "ja", "Asia/Tokyo", ["Tokyo", "Osaka"], 5),
    ("Brazil", "pt", "America/Sao_Paulo", ["São Paulo", "Recife"], 7),
]
PLANS = ["free"] * 6 + ["pro"] * 3 + ["team"]
SOURCES = ["website", "website", "referral", "fair", "webinar"]
# Name → the definition of what everybody has.
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "plan": {"label": "Plan", "type": "choice", "choices": list(dict.fromkeys(PLANS))},
    "birthday": {"label": "Date of birth", "type": "date"},
    "city": {"label": "City", "type": "text"},
    "country": {"label": "Country", "type": "choice", "choices": [place[0] for place in PLACES]},
}


def person(number: int, luck: Random, today: date) -> dict[str, Any]:
    """The n-th contact, in the API's shape."""
    first, last = luck.choice(FIRST), luck.choice(LAST)
    country, language, zone, cities, _ = luck.choices(PLACES, weights=[place[4] for place in PLACES])[0]
    fields: dict[str, Any] = {
        "email": f"{_ascii(first)}.{_ascii(last)}{number}@{luck.choice(DOMAINS)}",
        "external_id": f"demo-{number}",
        "first_name": first,
        "last_name": last,
        "timezone": zone,
        "language": language,
        "attributes": {
            "country": country,
            "city": luck.choice(cities),
            "plan": luck.choice(PLANS),
            "source": luck.choice(SOURCES),
            "birthday": (today - timedelta(days=luck.randint(19 * 365, 70 * 365))).isoformat(),
        },
        "tags": [tag for tag, chance in (("newsletter", 0.6), ("vip", 0.06), ("beta", 0.1)) if luck.random() < chance],
        "consent": {"email": "subscribed" if luck.random() < 0.7 else "unknown"},
    }
    if luck.random() < 0.35:
        # +1 ... 555-01xx is set aside for fiction.
        fields["phone"] = f"+1{201 + number // 100 % 700}55501{number % 100:02}"
        fields["consent"]["sms"] = "subscribed" if luck.random() < 0.5 else "unknown"
    return fields


def _ascii(name: str) -> str:
    plain = name.lower().translate(str.maketrans("éèüøãíóáñç", "eeuoaioanc"))
    return "".join(letter for letter in plain if letter.isascii() and letter.isalpha())
