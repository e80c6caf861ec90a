"""Statistics as pure functions on plain numbers, each with its source; closed forms on the standard library.

Intervals are (low, high) and (None, None) where there is no trial to judge by.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

Interval = tuple[float, float] | tuple[None, None]


def wilson(successes: int, trials: int, level: float = 0.95) -> Interval:
    """The score interval of a share, both ends in 0..1.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference; JASA 22, 209–212.

    >>> [round(limit, 4) for limit in wilson(1, 10)]
    [0.0179, 0.4042]
    >>> wilson(0, 0)
    (None, None)
    """
    if trials == 0:
        return None, None
    z2 = NormalDist().inv_cdf((1 + level) / 2) ** 2
    rate = successes / trials
    middle = rate + z2 / (2 * trials)
    reach = sqrt(z2 * (rate * (1 - rate) + z2 / (4 * trials)) / trials)
    low = 0.0 if successes == 0 else (middle - reach) / (1 + z2 / trials)
    high = 1.0 if successes == trials else (middle + reach) / (1 + z2 / trials)
    return low, high
