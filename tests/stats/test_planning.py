"""Detectable differences and control limits, against statsmodels and exact power."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom
from statsmodels.stats.proportion import power_proportions_2indep

from funnelcli.stats import detectable_difference, p_chart, two_proportion_test


@pytest.mark.parametrize(("level", "power"), [(0.05, 0.8), (0.01, 0.9), (0.1, 0.5)])
@pytest.mark.parametrize("rate", [0.0, 0.001, 0.1, 0.3, 0.5])
@pytest.mark.parametrize(("n1", "n2"), [(100, 100), (1_000, 3_000), (50_000, 400), (20_000_000, 30_000_000)])
def test_a_detectable_difference_has_the_power_asked_for_by_statsmodels(n1, n2, rate, level, power):
    found = detectable_difference(n1, n2, rate, level, power)
    shown = power_proportions_2indep(
        found, rate, n1, ratio=n2 / n1, alpha=level / 2, alternative="larger", return_results=False
    )
    assert shown == pytest.approx(power, rel=1e-9)


@pytest.mark.parametrize("rate", [0.01, 0.2, 0.45])
def test_failures_are_judged_as_successes_are(rate):
    assert detectable_difference(300, 500, 1 - rate) == pytest.approx(detectable_difference(300, 500, rate), rel=1e-9)


@pytest.mark.parametrize(("n", "rate"), [(200, 0.1), (200, 0.5), (400, 0.3)])
def test_the_test_shows_a_detectable_difference_in_four_of_five_samples(n, rate):
    other = rate + detectable_difference(n, n, rate)
    counts = np.arange(n + 1)
    first, second = binom.pmf(counts, n, other), binom.pmf(counts, n, rate)
    shown = np.array([[two_proportion_test(x1, n, x2, n) <= 0.05 and x1 > x2 for x2 in counts] for x1 in counts])
    assert first @ shown @ second == pytest.approx(0.8, abs=0.025)


def test_more_data_shows_smaller_differences():
    found = [detectable_difference(n, n, 0.1) for n in (20, 100, 1_000, 10**6, 10**8)]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.0002


@pytest.mark.parametrize(("n1", "n2", "rate"), [(0, 5, 0.1), (5, 0, 0.1), (0, 0, 0.5), (2, 2, 0.5), (1, 1, 0.0)])
def test_without_enough_data_no_difference_can_be_shown(n1, n2, rate):
    assert detectable_difference(n1, n2, rate) is None


def test_p_chart_gives_the_published_limits():
    # Montgomery, Introduction to statistical quality control, example 7.1: cans of orange juice
    assert [round(limit, 4) for limit in p_chart(0.2313, 50)] == [0.0524, 0.4102]


@pytest.mark.parametrize(
    ("rate", "n", "limits"),
    [(0.0, 10, (0.0, 0.0)), (1.0, 10, (1.0, 1.0)), (0.5, 9, (0.0, 1.0)), (0.5, 1, (0.0, 1.0)), (0.3, 0, (None, None))],
)
def test_p_chart_is_cut_to_nought_and_one(rate, n, limits):
    assert p_chart(rate, n) == limits


@pytest.mark.parametrize(("rate", "n"), [(0.2, 1_000), (0.05, 5_000)])
def test_a_steady_rate_leaves_the_limits_three_times_in_a_thousand(rate, n):
    low, high = p_chart(rate, n)
    outside = binom.cdf(np.ceil(low * n) - 1, n, rate) + binom.sf(np.floor(high * n), n, rate)
    assert 0.0015 < outside < 0.0045
