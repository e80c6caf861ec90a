"""Intervals of one share and of the difference of two."""

from __future__ import annotations

from math import hypot, sqrt

from funnelcli.stats.tails import deviate

Interval = tuple[float, float] | tuple[None, None]
"""Low and high; both None where there is no trial."""


def wilson(successes: int, trials: int, level: float = 0.95) -> Interval:
    """The score interval of a share, both ends in 0..1; 0 exactly for none and 1 exactly for all.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference; JASA 22, 209–212.

    >>> [round(limit, 4) for limit in wilson(1, 10)]
    [0.0179, 0.4042]
    >>> wilson(0, 0)
    (None, None)
    """
    if trials == 0:
        return None, None
    z2 = deviate(level) ** 2
    rate = successes / trials
    middle = rate + z2 / (2 * trials)
    reach = sqrt(z2 * (rate * (1 - rate) + z2 / (4 * trials)) / trials)
    low = 0.0 if successes == 0 else (middle - reach) / (1 + z2 / trials)
    high = 1.0 if successes == trials else (middle + reach) / (1 + z2 / trials)
    return low, high


def newcombe(x1: int, n1: int, x2: int, n2: int, level: float = 0.95) -> Interval:
    """The interval of x1/n1 − x2/n2, both ends in −1..1, from the Wilson intervals of the two shares.

    (None, None) where either side has no trial.

    Source: Newcombe (1998), Interval estimation for the difference between independent proportions: comparison of
    eleven methods; Statistics in Medicine 17, 873–890, method 10 (without continuity correction).

    >>> [round(limit, 4) for limit in newcombe(56, 70, 48, 80)]
    [0.0524, 0.3339]
    >>> newcombe(1, 2, 0, 0)
    (None, None)
    """
    low1, high1 = wilson(x1, n1, level)
    low2, high2 = wilson(x2, n2, level)
    if low1 is None or high1 is None or low2 is None or high2 is None:
        return None, None
    rate1, rate2 = x1 / n1, x2 / n2
    difference = (x1 * n2 - x2 * n1) / (n1 * n2)
    low = difference - hypot(rate1 - low1, high2 - rate2)
    high = difference + hypot(high1 - rate1, rate2 - low2)
    return max(low, -1.0), min(high, 1.0)
