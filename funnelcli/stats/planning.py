"""What an amount of data could show, and what it may do by chance from one period to the next."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from funnelcli.stats.tails import deviate

if TYPE_CHECKING:
    from funnelcli.stats.intervals import Interval

SIGMAS = 3
"""The limits of a control chart, in standard deviations."""
HALVINGS = 100
"""More than a double has bits, so that the bisection ends at neighbours."""


def detectable_difference(n1: int, n2: int, rate: float, level: float = 0.05, power: float = 0.8) -> float | None:
    """The smallest difference of two rates that `n1` and `n2` trials show with `power`, when tested at `level`.

    In absolute terms, above 0. `rate` is that of the `n2`; the other rate lies on the side of ½, where there is more
    room and more noise, so that the answer is not too small. The test is `two_proportion_test`, and a significant
    result in the wrong direction does not count. None where either side has no trial or no difference is large enough.

    Source: Fleiss, Tytun and Ury (1980), A simple approximation for calculating sample sizes for comparing independent
    proportions; Biometrics 36, 343–346, without continuity correction, solved for the difference.

    >>> round(detectable_difference(1000, 1000, 0.1), 4)
    0.0407
    >>> detectable_difference(2, 2, 0.5) is None
    True
    """
    if n1 == 0 or n2 == 0:
        return None
    base = min(rate, 1 - rate)
    tested, reached = deviate(1 - level), deviate(2 * power - 1)

    def shown(difference: float) -> bool:
        other = base + difference
        pooled = (other * n1 + base * n2) / (n1 + n2)
        equal = sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
        apart = sqrt(other * (1 - other) / n1 + base * (1 - base) / n2)
        return difference > tested * equal + reached * apart

    low, high = 0.0, 1 - base
    if not shown(high):
        return None
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if shown(middle) else (middle, high)
    return high


def p_chart(rate: float, n: int) -> Interval:
    """The limits between which the share of a period of `n` units stays while the rate stays `rate`: three sigma.

    Cut to 0..1; (None, None) for an empty period.

    Source: Shewhart (1931), Economic control of quality of manufactured product; Van Nostrand.

    >>> [round(limit, 4) for limit in p_chart(0.2313, 50)]  # Montgomery, Introduction to statistical quality control
    [0.0524, 0.4102]
    >>> p_chart(0.5, 0)
    (None, None)
    """
    if n == 0:
        return None, None
    reach = SIGMAS * sqrt(rate * (1 - rate) / n)
    return max(0.0, rate - reach), min(1.0, rate + reach)
