"""Probabilities of the tails that the tests read: normal, chi-square, and exact sums over a discrete distribution."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice, takewhile
from math import erfc, exp, fsum, pi, sqrt
from statistics import NormalDist

SAME = 1 + 1e-7
"""Two outcomes whose probabilities differ by less than this factor are equally likely: R's tolerance."""
FAINT = 1e-24
"""An outcome this much less likely than the observed one, and all beyond it, no longer count."""
STEP = 512
"""The largest power of e that is multiplied at once; e to the −512 is still an ordinary number."""
LARGE = 1e150
"""A sum above this is scaled down by one such power."""


@lru_cache(maxsize=64)
def deviate(level: float) -> float:
    """The standard normal deviate z such that −z..z holds `level` of the distribution.

    Source: Wichura (1988), Algorithm AS 241: the percentage points of the normal distribution; Applied Statistics 37,
    477–484, as the standard library has it.

    >>> round(deviate(0.95), 6)
    1.959964
    """
    return NormalDist().inv_cdf((1 + level) / 2)


def normal_tails(square: float) -> float:
    """The chance that a standard normal deviate lies as far from 0 as √`square`, on either side.

    The square is what is exact in a test of counts, and so what is asked for. Below 1e-308 the answer is 0.

    >>> round(normal_tails(1.959964**2), 6)
    0.05
    """
    return erfc(sqrt(square / 2))


def chi_square_tail(statistic: float, degrees: int) -> float:
    """The chance that a chi-square of `degrees` (1 or more) degrees of freedom is at least `statistic` (0 or more).

    The closed sums for whole degrees: all terms are positive, so nothing is lost however far out the tail. The power
    e^(−statistic/2) is multiplied in by parts, lest it vanish before the sum has grown. Work grows with `degrees`.

    Source: Abramowitz and Stegun (1964), Handbook of mathematical functions, 26.4.4 (odd) and 26.4.5 (even); National
    Bureau of Standards.

    >>> round(chi_square_tail(3.841459, 1), 6), round(chi_square_tail(18.307038, 10), 6)
    (0.05, 0.05)
    >>> chi_square_tail(0, 3)
    1.0
    """
    half = statistic / 2
    if half <= 0:
        return 1.0
    if half > LARGE:
        return 0.0
    parts = 1
    while half / parts > STEP:
        parts *= 2  # a power of two, so that the quotient is exact
    part = exp(-half / parts)
    odd = degrees % 2 == 1
    term, divisor = (2 * sqrt(half / pi), 1.5) if odd else (1.0, 1.0)
    total = 0.0
    for _ in range(degrees // 2):
        total += term
        term *= half / divisor
        divisor += 1
        while parts > 0 and max(total, term) > LARGE:
            total, term, parts = total * part, term * part, parts - 1
    while parts > 0 and total > 0:
        total, parts = total * part, parts - 1
    return min(1.0, total + erfc(sqrt(half)) if odd else total)


def no_likelier(observed: int, low: int, high: int, mode: int, rise: Callable[[int], tuple[float, float]]) -> float:
    """The chance of an outcome that is no likelier than the observed one: the exact two-sided p-value.

    Outcomes are the whole numbers `low`..`high`; `rise(k)` is P(k + 1) ÷ P(k), as numerator and denominator. The
    weights grow from `mode`, the likeliest outcome, outwards until they no longer count, and are then divided by their
    sum: no logarithm of a factorial, so no loss, and at most some forty standard deviations of work to either side.
    Below 1e-308 the answer is 0.

    Source: Sterne (1954), Some remarks on confidence or fiducial limits; Biometrika 41, 275–278. Outcomes count as
    equally likely within a factor of 1 + 1e-7, as in R's fisher.test and binom.test.

    >>> round(no_likelier(9, 0, 10, 5, lambda k: (10 - k, k + 1)), 6)  # heads of ten tosses
    0.021484
    """

    def outwards(*, up: bool) -> Iterator[float]:
        weight = 1.0
        for k in range(mode, high) if up else range(mode - 1, low - 1, -1):
            above, below = rise(k)
            weight *= above / below if up else below / above
            if weight == 0:
                return
            yield weight

    near, far = outwards(up=observed >= mode), outwards(up=observed < mode)
    distance = abs(observed - mode)
    inner = [1.0, *islice(near, distance)]
    if len(inner) <= distance:
        return 0.0
    seen = inner[-1]

    def counts(weight: float) -> bool:
        return weight > FAINT * seen

    weights = [*inner, *takewhile(counts, near), *takewhile(counts, far)]
    return min(1.0, fsum(weight for weight in weights if weight <= SAME * seen) / fsum(weights))
