"""Judges variants that were tried against each other: rates with their confidence, and which one is the best.

Rates are given with Wilson's score interval (E. B. Wilson, "Probable inference, the law of succession, and statistical
inference", JASA 22, 1927), which holds for few conversions, too. The probability of being the best is that under
Beta(1 + converted, 1 + not converted) for each rate, what a uniform prior leads to, integrated numerically.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, floor, lgamma, log, log1p, sqrt

Z95 = 1.959963984540054  # of the normal distribution: 95 % lie within so many deviations
# Too early: while a variant was shown to fewer contacts, or all of them together have fewer conversions.
LEAST_SHOWN = 100
LEAST_CONVERTED = 25
# A difference is worth mentioning from this probability on.
SURE = 0.95

Variant = tuple[str, int, int]


@dataclass(frozen=True)
class Judged:
    """One variant: its rate, the bounds of that (95 % confidence), and the probability that it is the best."""

    key: str
    shown: int
    converted: int
    rate: float
    low: float
    high: float
    best: float


@dataclass(frozen=True)
class Result:
    """`winner` is the key of the variant that is better than all others, "" while that cannot be said."""

    variants: list[Judged]
    sentence: str
    winner: str
    too_early: bool


def judge(variants: Sequence[Variant], names: dict[str, str] | None = None) -> Result:
    """The result of (key, shown, converted) of each variant. In the sentence they are called by their `names`, or by
    their keys in capitals. More conversions than contacts count as so many contacts."""
    rows = [(key, max(shown, 0), min(max(converted, 0), max(shown, 0))) for key, shown, converted in variants]
    chances = best([(shown, converted) for _, shown, converted in rows])
    judged = [
        Judged(key, shown, converted, converted / shown if shown else 0.0, *wilson(shown, converted), chance)
        for (key, shown, converted), chance in zip(rows, chances, strict=True)
    ]
    called = {one.key: (names or {}).get(one.key) or one.key.upper() for one in judged}
    if early := _too_early(judged, called):
        return Result(judged, early, "", True)
    leader = max(judged, key=lambda one: one.best)
    if leader.best < SURE:
        return Result(judged, "No difference worth mentioning so far.", "", False)
    better = "is better" if len(judged) == 2 else "is the best"
    return Result(judged, f"{called[leader.key]} {better} with {_percent(leader.best)} probability.", leader.key, False)


def _too_early(judged: Sequence[Judged], called: dict[str, str]) -> str:
    """Why nothing can be said yet; empty where it can."""
    if len(judged) < 2:
        return "Too early: there is nothing to compare."
    fewest = min(judged, key=lambda one: one.shown)
    converted = sum(one.converted for one in judged)
    missing = []
    if fewest.shown < LEAST_SHOWN:
        missing.append(f"each variant needs {LEAST_SHOWN} contacts, and {called[fewest.key]} has {fewest.shown}")
    if converted < LEAST_CONVERTED:
        missing.append(f"together they need {LEAST_CONVERTED} conversions, and have {converted}")
    return f"Too early: {'; '.join(missing)}." if missing else ""


def _percent(probability: float) -> str:
    """Rounded down: more is not said than is known."""
    return "more than 99 %" if probability >= 0.9951 else f"{floor(probability * 100 + 1e-9)} %"


def wilson(shown: int, converted: int, z: float = Z95) -> tuple[float, float]:
    """The score interval of a rate; (0, 1) where nothing is known."""
    if shown <= 0:
        return 0.0, 1.0
    rate, share = converted / shown, z * z / shown
    middle = rate + share / 2
    half = z * sqrt(rate * (1 - rate) / shown + share / (4 * shown))
    return max(0.0, (middle - half) / (1 + share)), min(1.0, (middle + half) / (1 + share))


# The integral runs over the logit of the rate, where every density is smooth and vanishes at both ends, so that the
# trapezoidal rule is as exact as the numbers are, once its steps are as fine as the narrowest of the distributions.
_STEPS, _MOST_STEPS = 160, 3_000
_DEVIATIONS = 12.0


def best(counts: Sequence[tuple[int, int]]) -> list[float]:
    """For each (shown, converted) the probability that its rate is the highest; they add up to 1."""
    if not counts:
        return []
    betas = [(1.0 + converted, 1.0 + shown - converted) for shown, converted in counts]
    found = [_is_best(place, betas) for place in range(len(betas))]
    whole = sum(found)
    return [chance / whole for chance in found]


def _is_best(place: int, betas: Sequence[tuple[float, float]]) -> float:
    a, b = betas[place]
    # The logit of a Beta variable: about normal, with tails like exp(a t) to the left and exp(-b t) to the right.
    middle = log(a / b)
    deviation = _deviation(a, b)
    low = middle - max(_DEVIATIONS * deviation, 40 / a)
    high = middle + max(_DEVIATIONS * deviation, 40 / b)
    narrowest = min(_deviation(*beta) for beta in betas)
    steps = round(min(max(_STEPS, (high - low) / narrowest), _MOST_STEPS))
    step = (high - low) / steps
    scale = lgamma(a + b) - lgamma(a) - lgamma(b)
    total = 0.0
    for n in range(steps + 1):
        t = low + n * step
        density = exp(scale - a * log1p(exp(-t)) - b * log1p(exp(t)))
        if density < 1e-18:
            continue
        x = 1 / (1 + exp(-t))
        for other, (c, d) in enumerate(betas):
            if other != place:
                density *= below(x, c, d)
        total += density * step
    return total


def _deviation(a: float, b: float) -> float:
    return sqrt(1 / a + 1 / b)


def below(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function: the probability that a Beta(a, b) variable is below x.

    By its continued fraction (NIST Digital Library of Mathematical Functions, 8.17.22), evaluated by Lentz's method.
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    # The fraction converges quickly on this side of the mean; the other side is its mirror image.
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    tiny = 1e-300
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1), tiny)
    found = d
    for m in range(1, 5_000):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + term * d, tiny)
            c = _away_from_zero(1 + term / c, tiny)
            found *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return found


def _away_from_zero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
