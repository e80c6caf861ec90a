"""The interval of a share, against published limits and the equation that they solve."""

from __future__ import annotations

from decimal import Decimal, localcontext
from math import isclose

import pytest

from funnelcli.stats import wilson
from tests.stats.exact import Z

SHARES = [(part, whole) for whole in (1, 2, 3, 7, 30, 63) for part in range(whole + 1)] + [
    (part, whole) for whole in (1_000, 123_457, 10**9) for part in (0, 1, 2, whole // 3, whole - 2, whole - 1, whole)
]


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (1, 10, 0.0179, 0.4042),
        (5, 30, 0.0734, 0.3356),
        (58, 1000, 0.0451, 0.0742),
        # Newcombe (1998), Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, table I
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_limits(part: int, whole: int, low: float, high: float) -> None:
    found_low, found_high = wilson(part, whole)
    assert found_low is not None
    assert found_high is not None
    assert (round(found_low, 4), round(found_high, 4)) == (low, high)


@pytest.mark.parametrize(("part", "whole"), SHARES)
def test_wilson_s_limits_solve_the_score_equation(part: int, whole: int) -> None:
    low, high = wilson(part, whole)
    assert low is not None
    assert high is not None
    rate = Decimal(part) / whole
    assert isclose(low, root(part, whole, Decimal(0), rate), rel_tol=1e-12)
    assert isclose(high, root(part, whole, Decimal(1), rate), rel_tol=1e-12)


def root(part: int, whole: int, outside: Decimal, inside: Decimal) -> Decimal:
    """Where the distance from the share is z standard errors, between a point beyond the limit and the share."""

    def too_far(share: Decimal) -> bool:
        return (part - whole * share) ** 2 > Z * Z * whole * share * (1 - share)

    with localcontext() as context:
        context.prec = 50
        if not too_far(outside):
            return outside
        for _ in range(120):
            middle = (outside + inside) / 2
            outside, inside = (middle, inside) if too_far(middle) else (outside, middle)
        return inside


@pytest.mark.parametrize("whole", [1, 2, 10, 1000, 10**9])
def test_wilson_s_limits_are_nought_for_none_and_one_for_all(whole: int) -> None:
    assert wilson(0, whole)[0] == 0.0
    assert wilson(whole, whole)[1] == 1.0
    assert 0 < (wilson(0, whole)[1] or 0) < 1
    assert 0 < (wilson(whole, whole)[0] or 0) < 1


def test_wilson_says_nothing_of_no_trials() -> None:
    assert wilson(0, 0) == (None, None)


@pytest.mark.parametrize(("part", "whole"), SHARES)
def test_wilson_s_limits_hold_the_share_and_mirror_those_of_the_rest(part: int, whole: int) -> None:
    low, high = wilson(part, whole)
    other_low, other_high = wilson(whole - part, whole)
    assert low is not None
    assert high is not None
    assert other_low is not None
    assert other_high is not None
    assert 0 <= low <= part / whole <= high <= 1
    assert isclose(low, 1 - other_high, abs_tol=1e-15)
    assert isclose(high, 1 - other_low, abs_tol=1e-15)


def test_a_higher_level_gives_a_wider_interval() -> None:
    intervals = [wilson(5, 30, level) for level in (0.5, 0.9, 0.95, 0.99)]
    lows, highs = zip(*intervals, strict=True)
    assert list(lows) == sorted(lows, reverse=True)
    assert list(highs) == sorted(highs)
