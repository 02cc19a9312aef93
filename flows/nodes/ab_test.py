"""Operator: sends contacts different ways by chance; the same contact always goes the same way at the same node."""

import math
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any

from django import forms

from flows.nodes._form import NodeForm
from flows.nodes._rows import Column, RowsField, RowsWidget
from flows.nodes.base import Batch, Group, Leave, Node, Outcome, Port

PORTS = "abcd"
LEAST, MOST = 2, len(PORTS)
LARGEST = 1_000_000
LONGEST = 40  # of a name, which stands beside the shape


class VariantsField(RowsField):
    """[{"name", "weight"}], two to four of them; a name that is left out is the variant's letter."""

    widget = RowsWidget(
        [
            Column("name", "Name", forms.TextInput(attrs={"maxlength": LONGEST, "placeholder": "Name"})),
            Column("weight", "Share", forms.NumberInput(attrs={"min": 0, "step": "any", "placeholder": "Share"})),
        ],
        add="Add a variant",
        least=LEAST,
        most=MOST,
        lettered=True,
    )

    def clean_rows(self, given: Any) -> list[dict[str, Any]]:
        if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
            raise forms.ValidationError("Give a list of variants, each with a name and a weight.")
        if not LEAST <= len(given) <= MOST:
            raise forms.ValidationError(f"Give {LEAST} to {MOST} variants.")
        rows = [
            {"name": _name(row.get("name"), letter), "weight": _weight(row.get("weight"), letter)}
            for row, letter in zip(given, PORTS.upper(), strict=False)
        ]
        if not any(row["weight"] for row in rows):
            raise forms.ValidationError("At least one variant needs a share above zero.")
        if len({row["name"].lower() for row in rows}) < len(rows):
            raise forms.ValidationError("Two variants have the same name.")
        return rows


def _name(given: Any, letter: str) -> str:
    if given is None or given == "":
        return letter
    if not isinstance(given, str):
        raise forms.ValidationError(f"The name of variant {letter} is not a text.")
    name = " ".join(given.split()) or letter
    if len(name) > LONGEST or not name.isprintable():
        raise forms.ValidationError(f"Give variant {letter} a plain name of at most {LONGEST} characters.")
    return name


def _weight(given: Any, letter: str) -> int | float:
    if given is None or given == "":
        raise forms.ValidationError(f"Give variant {letter} a share, such as 50.")
    try:
        weight = float(given) if isinstance(given, str | int | float) and not isinstance(given, bool) else math.nan
    except (ValueError, OverflowError):
        weight = math.nan
    if not 0 <= weight <= LARGEST:
        raise forms.ValidationError(f"The share of variant {letter} is a number from 0 to {LARGEST:,}.")
    return int(weight) if weight.is_integer() else weight


class AbTest(Node):
    label = "A/B test"
    hint = "Sends contacts different ways by chance; each contact keeps the variant they got."
    group = Group.OPERATORS
    order = 30
    icon = "flask-conical"
    compares = True

    class Form(NodeForm):
        variants = VariantsField(
            label="Variants",
            initial=[{"name": "A", "weight": 50}, {"name": "B", "weight": 50}],
            help_text="Shares are parts of a whole: 1 and 1 halve as 50 and 50 do. Nobody gets a variant of share 0. "
            "When shares change, only as many contacts as needed get another variant.",
        )

    def ports(self, config: dict[str, Any]) -> Sequence[Port]:
        given = config.get("variants")
        rows = given if isinstance(given, list) else []
        rows = [*rows[:MOST], *[None] * (LEAST - len(rows))]
        return [Port(port, _called(row, port)) for port, row in zip(PORTS, rows, strict=False)]

    def summary(self, config: dict[str, Any]) -> str:
        form = self._checked(config)
        if not form.is_valid():
            return "No variants yet"
        rows = form.cleaned_data["variants"]
        whole = sum(row["weight"] for row in rows)
        return " · ".join(f"{row['name']} {_percent(row['weight'] / whole)} %" for row in rows)

    def run(self, batch: Batch) -> Iterator[Outcome]:
        shares = [(port, row["weight"]) for port, row in zip(PORTS, batch.config["variants"], strict=False)]
        places: dict[str, list[int]] = {port: [] for port, _ in shares}
        for i, contact in enumerate(batch.contacts):
            places[drawn(f"{batch.origin}:{contact}", shares)].append(i)
        for port, chosen in places.items():
            yield Leave(batch.part(chosen), port)


def drawn(lot: str, shares: Sequence[tuple[str, float]]) -> str:
    """The port that a lot falls on. Weighted rendezvous hashing: each port draws for itself and the best one wins, so
    that a change of its share moves lots only to it or away from it, as few as there can be."""
    best, least = "", math.inf
    for port, weight in shares:
        if weight > 0:
            digest = blake2b(f"{lot}:{port}".encode(), digest_size=8).digest()
            score = -math.log((int.from_bytes(digest) + 1) / 2**64) / weight
            if not best or score < least:
                best, least = port, score
    return best


def _called(row: Any, port: str) -> str:
    name = row.get("name") if isinstance(row, dict) else None
    return name[:LONGEST] if isinstance(name, str) and name.strip() else port.upper()


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")


node = AbTest()
