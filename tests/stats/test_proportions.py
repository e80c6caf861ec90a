"""The tests of one share and of two, against R's documented examples, statsmodels, scipy and exact enumeration."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, chi2
from statsmodels.stats.proportion import proportions_ztest

from funnelcli.stats import chi_square, fisher, one_proportion_test, two_proportion_test
from tests.stats import exact
from tests.stats.exact import near

ALL = (10, 10)
SHARES = [(1, 2), (3, 10), ALL, (17, 123), (90, 123), (5, 10**6), (40_000_001, 90_000_000), (3_000, 5_000)]


@pytest.mark.parametrize(("one", "two"), [pair for pair in product(SHARES, SHARES) if pair != (ALL, ALL)])
def test_two_proportions_agree_with_statsmodels(one, two):
    _, expected = proportions_ztest([one[0], two[0]], [one[1], two[1]])
    assert near(two_proportion_test(*one, *two), expected, 1e-10 if expected > 1e-30 else 1e-9)


@pytest.mark.parametrize("excess", [0, 1, 1_000, 20_000, 60_000, 130_000])
def test_two_proportions_keep_their_digits_far_out_in_counts_of_tens_of_millions(excess):
    n, x = 40_000_000, 10_000_000
    statistic = Fraction(excess**2 * 2 * n, (2 * x + excess) * (2 * n - 2 * x - excess))
    assert near(two_proportion_test(x + excess, n, x, n), chi2.sf(float(statistic), 1), 1e-12)


def test_the_furthest_of_these_is_a_p_value_of_less_than_1e_minus_200():
    assert 0 < two_proportion_test(10_083_000, 40_000_000, 10_000_000, 40_000_000) < 1e-90
    assert 0 < two_proportion_test(10_130_000, 40_000_000, 10_000_000, 40_000_000) < 1e-200


@pytest.mark.parametrize("side", [0, 1])
def test_two_proportions_say_nothing_where_a_side_has_no_trial(side):
    assert two_proportion_test(*[(0, 0, 3, 5), (3, 5, 0, 0)][side]) is None
    assert two_proportion_test(0, 0, 0, 0) is None


@pytest.mark.parametrize(("x1", "n1", "x2", "n2"), [(0, 10, 0, 20), (10, 10, 20, 20), (0, 1, 0, 10**8)])
def test_two_equal_shares_of_none_or_all_are_no_sign_of_a_difference(x1, n1, x2, n2):
    assert two_proportion_test(x1, n1, x2, n2) == 1.0
    assert fisher(x1, n1 - x1, x2, n2 - x2) == 1.0


counts = st.integers(0, 10**7)


@given(counts, counts, counts, counts)
def test_two_proportions_are_the_chi_square_of_their_table_and_symmetric(a, b, c, d):
    found = two_proportion_test(a, a + b, c, c + d)
    assert found == two_proportion_test(c, c + d, a, a + b)
    assert found == two_proportion_test(b, a + b, d, c + d)
    table = chi_square([[a, b], [c, d]])
    if table is not None and table > 1e-300:
        assert near(found, table, 1e-11)


@pytest.mark.parametrize(("n", "rate"), [(100, 0.5), (300, 0.2), (1_000, 0.05)])
def test_two_proportions_give_a_false_alarm_as_often_as_they_are_said_to(n, rate):
    alarm = np.array([[two_proportion_test(x1, n, x2, n) <= 0.05 for x2 in range(n + 1)] for x1 in likely(n, rate)])
    chance = binom.pmf(np.arange(n + 1), n, rate)
    assert chance[likely(n, rate)] @ alarm @ chance == pytest.approx(0.05, abs=0.01)


def likely(n: int, rate: float) -> range:
    reach = int(7 * (n * rate * (1 - rate)) ** 0.5)
    return range(max(0, int(n * rate) - reach), min(n, int(n * rate) + reach) + 1)


# One share: R's binom.test(3, 10, 0.1) and prop.test(…, correct = FALSE)
@pytest.mark.parametrize(("x", "n", "rate"), [(682, 925, 0.75), (59, 100, 0.5), (5, 10, 0.5), (30_001_000, 10**8, 0.3)])
def test_one_proportion_is_the_score_test_where_five_of_each_kind_are_expected(x, n, rate):
    statistic = (Fraction(x) - n * Fraction(str(rate))) ** 2 / (n * Fraction(str(rate)) * (1 - Fraction(str(rate))))
    assert near(one_proportion_test(x, n, rate), chi2.sf(float(statistic), 1))


@pytest.mark.parametrize(("n", "rate"), [(10, 0.1), (9, 0.5), (40, 0.1), (40, 0.9), (1_000, 0.004), (1, 0.3)])
def test_one_proportion_is_scipy_s_exact_test_where_less_is_expected(n, rate):
    for x in range(min(n, 60) + 1):
        assert near(one_proportion_test(x, n, rate), binomtest(x, n, rate).pvalue, 1e-10)


@pytest.mark.parametrize("rate", [Fraction(1, 8), Fraction(1, 2), Fraction(63, 64), Fraction(1, 1024)])
@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_the_exact_test_agrees_with_whole_number_arithmetic(n, rate):
    for x in range(n + 1):
        assert near(one_proportion_test(x, n, float(rate)), exact.binomial(x, n, rate))


def test_a_rare_event_in_tens_of_millions_is_tested_exactly_and_fast():
    assert near(one_proportion_test(12, 50_000_000, 5e-8), binomtest(12, 50_000_000, 5e-8).pvalue, 1e-8)
    assert near(one_proportion_test(49_999_990, 50_000_000, 1 - 5e-8), one_proportion_test(10, 50_000_000, 5e-8), 1e-6)
    assert one_proportion_test(40_000_000, 50_000_000, 5e-8) == 0.0


@pytest.mark.parametrize(
    ("x", "n", "rate", "p"),
    [
        (0, 5, 0, 1.0),
        (1, 5, 0, 0.0),
        (5, 5, 1, 1.0),
        (4, 5, 1, 0.0),
        (0, 1, 0.0, 1.0),
        (0, 0, 0.5, None),
        (0, 0, 0, None),
    ],
)
def test_one_proportion_at_the_ends(x, n, rate, p):
    assert one_proportion_test(x, n, rate) == p
