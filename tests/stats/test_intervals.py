"""The interval of a difference, and how often both intervals hold the truth."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from funnelcli.stats import newcombe, wilson
from tests.stats import exact

LEVELS = (0.5, 0.95, 0.999)


# Newcombe (1998), Statistics in Medicine 17, 873–890, table II, method 10
@pytest.mark.parametrize(
    ("x1", "n1", "x2", "n2", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (0, 10, 0, 10, -0.2775, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0),
        (10, 10, 0, 10, 0.6075, 1.0),
    ],
)
def test_newcombe_gives_the_limits_of_its_paper(x1, n1, x2, n2, low, high):
    found = newcombe(x1, n1, x2, n2)
    assert [round(limit, 4) for limit in found] == [low, high]


SHARES = [(0, 1), (1, 1), (0, 10), (3, 10), (10, 10), (17, 123), (5, 10**6), (40_000_001, 90_000_000)]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("one", "two"), [*product(SHARES, SHARES)])
def test_newcombe_agrees_with_statsmodels(one, two, level):
    expected = confint_proportions_2indep(*one, *two, method="newcomb", alpha=1 - level)
    for found, wanted in zip(newcombe(*one, *two, level), expected, strict=True):
        assert found == pytest.approx(min(1, max(-1, wanted)), rel=1e-10, abs=1e-15)


@pytest.mark.parametrize(("one", "two"), [*product(SHARES, SHARES), ((1, 10**9), (0, 10**9))])
def test_newcombe_keeps_its_digits_in_counts_of_tens_of_millions(one, two):
    for found, expected in zip(newcombe(*one, *two), exact.newcombe(*one, *two), strict=True):
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-16)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("share", SHARES)
def test_wilson_agrees_with_statsmodels(share, level):
    expected = proportion_confint(*share, method="wilson", alpha=1 - level)
    assert wilson(*share, level) == pytest.approx(expected, rel=1e-10, abs=1e-15)


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_newcombe_says_nothing_where_a_side_has_no_trial(level):
    assert newcombe(0, 0, 1, 2, level) == (None, None)
    assert newcombe(1, 2, 0, 0, level) == (None, None)
    assert newcombe(0, 0, 0, 0, level) == (None, None)


@st.composite
def shares(draw):
    n = draw(st.integers(1, 10**8))
    return draw(st.integers(0, n)), n


@given(shares(), shares(), st.sampled_from(LEVELS))
def test_newcombe_holds_the_difference_stays_in_range_and_mirrors(one, two, level):
    low, high = newcombe(*one, *two, level)
    difference = (one[0] * two[1] - two[0] * one[1]) / (one[1] * two[1])
    assert -1 <= low <= difference <= high <= 1
    assert newcombe(*two, *one, level) == (-high, -low)
    others = newcombe(one[1] - one[0], one[1], two[1] - two[0], two[1], level)
    assert others == pytest.approx((-high, -low), rel=1e-9, abs=1e-12)


@given(st.integers(0, 500), st.integers(0, 500), st.sampled_from(LEVELS))
def test_a_newcombe_interval_excludes_nought_where_the_wilson_intervals_do_not_overlap(x1, x2, level):
    low, high = newcombe(x1, 500, x2, 500, level)
    low1, high1 = wilson(x1, 500, level)
    low2, high2 = wilson(x2, 500, level)
    if high1 < low2 or high2 < low1:
        assert low > 0 or high < 0


RATES = np.linspace(0.005, 0.995, 199)


def chances(n: int) -> np.ndarray:
    """P(x successes of n), one row per rate."""
    return binom.pmf(np.arange(n + 1), n, RATES[:, None])


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("n", [10, 30, 100, 400])
def test_wilson_covers_at_its_level_on_average_over_all_rates(n, level):
    low, high = np.array([wilson(x, n, level) for x in range(n + 1)]).T
    held = (low <= RATES[:, None]) & (RATES[:, None] <= high)
    coverage = (chances(n) * held).sum(axis=1)
    assert coverage.mean() == pytest.approx(level, abs=0.015 if n < 30 else 0.008)
    assert coverage.min() > level - 0.2  # near 0 and 1 the score interval dips, as is known


@pytest.mark.parametrize(("n1", "n2"), [(20, 20), (15, 40), (60, 60)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_newcombe_covers_at_its_level_on_average_and_nowhere_far_less(n1, n2, level):
    limits = np.array([[newcombe(x1, n1, x2, n2, level) for x2 in range(n2 + 1)] for x1 in range(n1 + 1)])
    rates = RATES[::6]
    true = (rates[:, None] - rates)[:, :, None, None]
    held = (limits[..., 0] <= true) & (true <= limits[..., 1])
    coverage = np.einsum("rx,sy,rsxy->rs", chances(n1)[::6], chances(n2)[::6], held, optimize=True)
    assert level - 0.005 < coverage.mean() < level + 0.02  # the paper has 0.960 for 95 %
    assert coverage.min() > level - 0.1
