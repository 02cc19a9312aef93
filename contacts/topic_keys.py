"""Makes keys of topics out of their names."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from django.utils.text import slugify

from contacts.models.topic import LONGEST_KEY


def key_of(name: str) -> str:
    """ "Product news" → "product-news"; of a name without any Latin letter or digit, something that stays the same."""
    key = slugify(name)[:LONGEST_KEY].strip("-_")
    return key or f"topic-{blake2b(name.encode(), digest_size=3).hexdigest()}"


def made_of(texts: Iterable[str], model: Any) -> dict[str, str]:
    """The key for each of these texts, whatever its case and spaces; what there is no topic of yet is made.

    For migrations: topics were any text once. `model` is Topic as it was then."""
    keys = {_plain(topic.name): topic.key for topic in model.objects.all()}
    taken = set(keys.values())
    keys |= {key: key for key in taken}
    place = model.objects.count()
    found: dict[str, str] = {}
    for text in sorted(set(texts)):
        plain = _plain(text)
        if plain not in keys:
            key = stem = key_of(plain)
            number = 1
            while key in taken:
                number += 1
                key = f"{stem[: LONGEST_KEY - 4]}-{number}"
            place += 1
            model.objects.create(key=key, name=" ".join(text.split())[:100], position=place)
            keys[plain] = key
            taken.add(key)
        found[text] = keys[plain]
    return found


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
