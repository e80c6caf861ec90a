"""What is read from tables of counts, against documented examples, whole-number arithmetic, scipy and statsmodels."""

from __future__ import annotations

import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare, fisher_exact
from statsmodels.stats.contingency_tables import Table2x2

from funnelcli.stats import chi_square, fisher, goodness_of_fit, least_expected, odds_ratio, phi
from tests.stats import exact
from tests.stats.exact import near

SMALL = list(product(range(6), repeat=4))
"""All tables of two rows and columns with up to five in a cell."""


@pytest.mark.parametrize(
    ("table", "p"),
    [
        # R's example of prop.test: smokers among the patients of four hospitals
        ([[83, 3], [90, 3], [129, 7], [70, 12]], 0.005585),
        # R's example of chisq.test, from Agresti (2007), Introduction to categorical data analysis, table 2.5
        ([[762, 327, 468], [484, 239, 477]], 2.954e-07),
    ],
)
def test_chi_square_gives_the_documented_p_values(table, p):
    assert float(f"{chi_square(table):.4g}") == p


@pytest.mark.parametrize(
    "table",
    [
        [[10, 20], [30, 5]],
        [[1, 2, 3], [4, 5, 6], [7, 8, 10]],
        [[20_000_000, 30_000_000], [20_100_000, 29_700_000]],
        [[12_345_678, 1, 3], [9_876_543, 2, 9]],
        [list(range(1, 31)), list(range(31, 1, -1))[:30], [7] * 30],
    ],
)
def test_chi_square_agrees_with_scipy(table):
    assert near(chi_square(table), chi2_contingency(table, correction=False).pvalue, 1e-10)


@given(
    st.integers(2, 5).flatmap(lambda n: st.lists(st.lists(st.integers(0, 10**6), min_size=n, max_size=n), min_size=1))
)
def test_chi_square_agrees_with_scipy_on_what_is_left_without_empty_rows_and_columns(table):
    kept = np.array(table)
    kept = kept[kept.sum(axis=1) > 0][:, kept.sum(axis=0) > 0]
    found = chi_square(table)
    if min(kept.shape) < 2:
        assert found is None
    else:
        expected = chi2_contingency(kept, correction=False).pvalue
        assert found == pytest.approx(expected, rel=1e-10, abs=1e-300)
        assert found == pytest.approx(chi_square(list(zip(*table, strict=True))), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(
    "table", [[], [[]], [[], []], [[0, 0], [0, 0]], [[1, 2]], [[1], [2]], [[0, 3], [0, 4]], [[1, 2], [0, 0]]]
)
def test_chi_square_says_nothing_where_there_is_nothing_to_test(table):
    assert chi_square(table) is None


@pytest.mark.parametrize(
    ("observed", "shares"),
    [
        ([89, 37, 30, 28, 2], [40, 20, 20, 15, 5]),
        ([4_987, 5_013], [1, 1]),
        ([0, 9], [0.5, 0.5]),
        ([20_000_000, 30_010_000], [2, 3]),
    ],
)
def test_goodness_of_fit_agrees_with_scipy(observed, shares):
    expected = np.array(shares) / sum(shares) * sum(observed)
    assert near(goodness_of_fit(observed, shares), chisquare(observed, expected).pvalue, 1e-10)


def test_goodness_of_fit_at_the_ends():
    assert goodness_of_fit([3, 5, 0], [1, 1, 0]) == goodness_of_fit([3, 5], [1, 1])
    assert goodness_of_fit([3, 5, 1], [1, 1, 0]) == 0.0
    assert goodness_of_fit([3], [1]) is None
    assert goodness_of_fit([0, 0], [1, 1]) is None
    assert goodness_of_fit([], []) is None


def test_least_expected_is_the_smallest_expected_count():
    for a, b, c, d in SMALL[1:]:
        expected = np.outer([a + b, c + d], [a + c, b + d]) / (a + b + c + d)
        assert near(least_expected([[a, b], [c, d]]), expected.min())
    assert least_expected([[0, 0], [0, 0]]) is None


@pytest.mark.parametrize(
    ("cells", "p"),
    [
        # R's examples of fisher.test, two-sided
        ((3, 1, 1, 3), 0.4857),  # Agresti (1990): the lady who tasted tea
        ((2, 15, 10, 3), 0.0005367),  # Fisher (1962): criminal convictions of like-sex twins
        # scipy's documented example: whales and sharks in the Atlantic and the Indian Ocean
        ((8, 2, 1, 5), 0.03497),
    ],
)
def test_fisher_gives_the_documented_p_values(cells, p):
    assert float(f"{fisher(*cells):.4g}") == p


def test_fisher_agrees_with_a_count_of_every_table_for_every_small_one():
    for cells in SMALL:
        assert near(fisher(*cells), exact.fisher(*cells), 1e-13), cells


@given(*[st.integers(0, 300)] * 4)
def test_fisher_agrees_with_a_count_of_every_table_for_larger_ones(a, b, c, d):
    assert near(fisher(a, b, c, d), exact.fisher(a, b, c, d), 1e-12)


@given(*[st.integers(0, 40)] * 4)
def test_fisher_agrees_with_scipy(a, b, c, d):
    assert near(fisher(a, b, c, d), fisher_exact([[a, b], [c, d]]).pvalue, 1e-10)


@given(*[st.integers(0, 2_000)] * 4)
def test_fisher_is_the_same_whichever_way_the_table_is_turned(a, b, c, d):
    found = fisher(a, b, c, d)
    for turned in [(c, d, a, b), (b, a, d, c), (a, c, b, d)]:
        assert fisher(*turned) == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize(
    "cells",
    [
        (30, 4_000_000, 60, 3_900_000),
        (300, 200_000, 900, 200_000),
        (500_000, 1_500_000, 502_000, 1_498_000),
        (5_000_000, 5_000_000, 4_990_000, 5_020_000),
    ],
)
def test_fisher_loses_nothing_on_margins_of_millions(cells):
    assert near(fisher(*cells), exact.large_fisher(*cells), 1e-13)


def test_fisher_is_quick_on_margins_of_millions():
    begin = time.process_time()
    p = fisher(5_000_000, 5_000_000, 4_940_000, 5_070_000)
    assert time.process_time() - begin < 2
    assert 1e-190 < p < 1e-180
    assert fisher(10_000_000, 0, 0, 10_000_000) == 0.0  # below the smallest double


@pytest.mark.parametrize(
    "cells", [(0, 0, 0, 0), (0, 0, 3, 4), (3, 4, 0, 0), (0, 3, 0, 4), (3, 0, 4, 0), (10**7, 10**7, 0, 0)]
)
def test_fisher_is_certain_where_no_other_table_has_the_margins(cells):
    assert fisher(*cells) == 1.0


def test_fisher_counts_a_table_as_likely_as_the_observed_one():
    # of 9 tables (margins 8, 8 of 16) those with 2 and 6 are equally likely, so both tails count
    assert near(fisher(2, 6, 6, 2), exact.fisher(6, 2, 2, 6))
    assert fisher(2, 6, 6, 2) == fisher(6, 2, 2, 6)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("cells", [(141, 420, 928, 13_525), (1, 2, 3, 4), (10**7, 3 * 10**7, 11 * 10**6, 29 * 10**6)])
def test_odds_ratio_agrees_with_statsmodels(cells, level):
    table = Table2x2(np.reshape(np.array(cells, dtype=float), (2, 2)))
    expected = (table.oddsratio, *table.oddsratio_confint(alpha=1 - level))
    assert odds_ratio(*cells, level) == pytest.approx(expected, rel=1e-12)


def test_odds_ratio_gives_the_published_interval():
    # Bland and Altman (2000), The odds ratio; BMJ 320, 1468: hay fever among children with and without eczema
    ratio, low, high = odds_ratio(141, 420, 928, 13_525)
    assert (round(ratio, 2), round(low, 2), round(high, 2)) == (4.89, 4.00, 5.99)


@pytest.mark.parametrize("cells", [(0, 5, 3, 2), (5, 0, 3, 2), (5, 3, 0, 2), (5, 3, 2, 0), (5, 0, 0, 2), (0, 3, 4, 0)])
def test_odds_ratio_adds_a_half_to_every_cell_where_one_is_zero(cells):
    table = Table2x2(np.reshape(np.array(cells) + 0.5, (2, 2)))
    assert odds_ratio(*cells) == pytest.approx((table.oddsratio, *table.oddsratio_confint()), rel=1e-12)


@pytest.mark.parametrize("cells", [(0, 0, 0, 0), (0, 0, 3, 4), (3, 4, 0, 0), (0, 3, 0, 4), (3, 0, 4, 0)])
def test_odds_ratio_and_phi_say_nothing_of_a_table_with_an_empty_row_or_column(cells):
    assert odds_ratio(*cells) == (None, None, None)
    assert phi(*cells) is None


def test_odds_ratio_turns_over_and_phi_changes_sign_when_the_rows_are_swapped():
    for a, b, c, d in SMALL:
        ratio, low, high = odds_ratio(a, b, c, d)
        if ratio is not None:
            assert low < ratio < high
            assert odds_ratio(c, d, a, b) == pytest.approx((1 / ratio, 1 / high, 1 / low), rel=1e-12)
            assert phi(c, d, a, b) == -phi(a, b, c, d)


def test_phi_is_the_correlation_of_the_two_answers():
    for a, b, c, d in [(3, 1, 1, 3), (1, 2, 3, 4), (10, 0, 3, 7), (1, 40, 9, 2)]:
        factor = np.repeat([1, 1, 0, 0], [a, b, c, d])
        success = np.repeat([1, 0, 1, 0], [a, b, c, d])
        assert near(phi(a, b, c, d), np.corrcoef(factor, success)[0, 1], 1e-12)


@given(*[st.integers(1, 10**8)] * 2)
def test_phi_is_one_for_a_perfect_association_and_never_more(a, d):
    assert phi(a, 0, 0, d) == 1.0
    assert phi(0, a, d, 0) == -1.0
