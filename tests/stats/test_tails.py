"""Tail probabilities, against tables, scipy and long decimals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, norm

from funnelcli.stats import chi_square_tail
from funnelcli.stats.tails import deviate, normal_tails
from tests.stats import exact
from tests.stats.exact import near


# Pearson and Hartley (1954), Biometrika tables for statisticians, table 8
@pytest.mark.parametrize(
    ("degrees", "statistic", "p"),
    [(1, 3.84146, 0.05), (2, 5.99146, 0.05), (3, 7.81473, 0.05), (10, 18.3070, 0.05), (30, 43.7730, 0.05),
     (1, 6.63490, 0.01), (5, 15.0863, 0.01), (100, 135.807, 0.01), (1, 0.00393214, 0.95), (10, 3.94030, 0.95)],
)  # fmt: skip
def test_the_chi_square_tail_gives_the_published_points(degrees, statistic, p):
    assert round(chi_square_tail(statistic, degrees), 5) == p


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 6, 7, 9, 10, 19, 20, 99, 100, 101, 500])
def test_the_chi_square_tail_agrees_with_scipy_to_twelve_digits_far_out(degrees):
    for multiple in (1e-9, 1e-3, 0.1, 0.5, 0.9, 1, 1.1, 1.5, 2, 3, 5, 10, 30, 100, 300, 600, 1_300):
        statistic = degrees * multiple
        expected = chi2.sf(statistic, degrees)
        if expected > 1e-300:
            assert near(chi_square_tail(statistic, degrees), expected, 1e-12), statistic


@pytest.mark.parametrize(
    ("statistic", "degrees"),
    [
        (2500.5, 1_001),
        (14_998.5, 9_999),
        (15_000.0, 10_000),
        (9_000.0, 10_000),
        (115_000.0, 100_001),
        (100_500.0, 100_000),
    ],
)
def test_the_chi_square_tail_keeps_its_digits_with_many_degrees(statistic, degrees):
    assert near(chi_square_tail(statistic, degrees), exact.chi_square_tail(statistic, degrees), 1e-12)


@given(st.floats(0, 2_000), st.integers(1, 60))
def test_the_chi_square_tail_falls_with_the_statistic_and_rises_with_the_degrees(statistic, degrees):
    tail = chi_square_tail(statistic, degrees)
    assert 0 <= tail <= 1
    assert chi_square_tail(statistic * 1.01, degrees) <= tail * (1 + 1e-12)
    assert chi_square_tail(statistic, degrees + 1) >= tail * (1 - 1e-12)


def test_the_chi_square_tail_at_its_ends():
    assert chi_square_tail(0, 1) == chi_square_tail(0.0, 7) == 1.0
    assert chi_square_tail(1e9, 1) == chi_square_tail(1e9, 1_000) == chi_square_tail(1e140, 9) == 0.0
    assert chi_square_tail(1e300, 4) == chi_square_tail(float("inf"), 3) == 0.0


@pytest.mark.parametrize("z", [0, 1e-9, 0.5, 1.96, 6, 15, 30.2, 37])
def test_the_normal_tails_agree_with_scipy(z):
    assert near(normal_tails(z * z), 2 * norm.sf(z), 1e-12)


def test_the_normal_tails_reach_1e_minus_200():
    assert 0 < normal_tails(30.2**2) < 1e-199


@pytest.mark.parametrize("level", [0.01, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999999])
def test_the_deviate_holds_its_level(level):
    assert near(deviate(level), norm.ppf((1 + level) / 2), 1e-13)
