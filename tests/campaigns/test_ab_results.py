"""What is said of variants, against values that others have worked out and a formula of another kind."""

from fractions import Fraction
from math import comb, exp, lgamma, log

import pytest

from campaigns.mailings.ab_results import LEAST_CONVERTED, LEAST_SHOWN, below, best, judge, wilson


def beats(a: tuple[int, int], b: tuple[int, int]) -> float:
    """The probability that b's rate is above a's, by a finite sum of logarithms of the beta function."""

    def beta(x: float, y: float) -> float:
        return lgamma(x) + lgamma(y) - lgamma(x + y)

    (na, ca), (nb, cb) = a, b
    aa, ba, ab, bb = 1 + ca, 1 + na - ca, 1 + cb, 1 + nb - cb
    terms = [beta(aa + i, ba + bb) - log(bb + i) - beta(1 + i, bb) - beta(aa, ba) for i in range(ab)]
    return sum(exp(term) for term in terms)


@pytest.mark.parametrize(
    ("shown", "converted", "low", "high"),
    # Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998, table I.
    [(263, 81, 0.2553, 0.3662), (148, 15, 0.0624, 0.1605), (20, 0, 0.0, 0.1611), (29, 1, 0.0061, 0.1718)],
)
def test_the_interval_is_the_published_one(shown, converted, low, high):
    assert wilson(shown, converted) == pytest.approx((low, high), abs=5e-5)


def test_of_nothing_nothing_is_known():
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 5), (7, 3), (30, 12), (1, 40)])
@pytest.mark.parametrize("x", [0.01, 0.2, 0.5, 0.9, 0.999])
def test_the_beta_distribution_is_the_binomial_one_of_whole_numbers(a, b, x):
    n, rate = a + b - 1, Fraction(x)
    exact = sum(comb(n, j) * rate**j * (1 - rate) ** (n - j) for j in range(a, n + 1))
    assert below(x, a, b) == pytest.approx(float(exact), rel=1e-10)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((10, 3), (10, 5)),
        ((0, 0), (0, 0)),
        ((0, 0), (50, 50)),
        ((100, 0), (100, 0)),
        ((100, 0), (100, 5)),
        ((1000, 100), (1000, 130)),
        ((20, 20), (20, 19)),
        ((100_000, 5_000), (100_000, 5_150)),
        ((1_000_000, 20_000), (900, 25)),
    ],
)
def test_the_probability_to_be_better_is_the_exact_one(a, b):
    first, second = best([a, b])
    assert second == pytest.approx(beats(a, b), abs=1e-7)
    assert first + second == pytest.approx(1)


def test_equal_variants_are_equally_likely_the_best():
    for number in (2, 3, 4):
        assert best([(500, 25)] * number) == pytest.approx([1 / number] * number)


def test_of_three_the_chances_are_those_of_drawing_each_many_times():
    import random

    lots = random.Random(4)
    counts, wins, draws = [(400, 40), (300, 36), (500, 55)], [0, 0, 0], 40_000
    for _ in range(draws):
        rates = [lots.betavariate(1 + c, 1 + n - c) for n, c in counts]
        wins[rates.index(max(rates))] += 1
    assert best(counts) == pytest.approx([win / draws for win in wins], abs=0.01)


def test_a_clear_difference_is_said_with_its_probability_rounded_down():
    result = judge([("a", 1000, 100), ("b", 1000, 125)])
    assert (result.winner, result.too_early) == ("b", False)
    assert result.sentence == "B is better with 96 % probability."
    assert int(beats((1000, 100), (1000, 125)) * 100) == 96
    a, b = result.variants
    assert (b.rate, b.shown, b.converted) == (0.125, 1000, 125)
    assert b.low < 0.125 < b.high
    assert a.best + b.best == pytest.approx(1)


def test_nobody_is_said_to_be_certain():
    assert judge([("a", 5000, 10), ("b", 5000, 900)]).sentence == "B is better with more than 99 % probability."


def test_among_several_it_is_the_best_and_called_by_its_name():
    result = judge([("a", 900, 40), ("b", 900, 41), ("c", 900, 90)], {"c": "Short", "a": "Long"})
    assert result.sentence == "Short is the best with more than 99 % probability."


def test_without_a_clear_difference_that_is_what_is_said():
    result = judge([("a", 1000, 100), ("b", 1000, 104)])
    assert (result.sentence, result.winner, result.too_early) == ("No difference worth mentioning so far.", "", False)


@pytest.mark.parametrize(
    ("variants", "sentence"),
    [
        ([("a", 99, 90), ("b", 500, 1)], "Too early: each variant needs 100 contacts, and A has 99."),
        ([("a", 400, 0), ("b", 400, 24)], "Too early: together they need 25 conversions, and have 24."),
        ([("a", 0, 0), ("b", 3, 1)],
         "Too early: each variant needs 100 contacts, and A has 0; together they need 25 conversions, and have 1."),
        ([("a", 1000, 500)], "Too early: there is nothing to compare."),
        ([], "Too early: there is nothing to compare."),
    ],
)  # fmt: skip
def test_too_early_says_what_is_missing_whatever_the_numbers_look_like(variants, sentence):
    result = judge(variants)
    assert (result.sentence, result.winner, result.too_early) == (sentence, "", True)


def test_the_rule_for_too_early_ends_exactly_where_it_says():
    enough = [("a", LEAST_SHOWN, 0), ("b", LEAST_SHOWN, LEAST_CONVERTED)]
    assert judge(enough).winner == "b"
    assert judge([("a", LEAST_SHOWN, 0), ("b", LEAST_SHOWN, LEAST_CONVERTED - 1)]).too_early
