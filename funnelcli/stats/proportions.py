"""Tests of one share against a known rate, and of two shares against each other."""

from __future__ import annotations

from funnelcli.stats.tails import no_likelier, normal_tails

FEW = 5
"""Below this many expected successes or failures the normal approximation is not trusted."""


def two_proportion_test(x1: int, n1: int, x2: int, n2: int) -> float | None:
    """The two-sided p-value that x1/n1 and x2/n2 are one rate: z with the pooled rate, without continuity correction.

    None where either side has no trial. 1.0 where nobody succeeded on either side, or everybody did: the pooled rate
    then has no spread and z is 0/0 (NaN in R and statsmodels), but two equal shares are no sign of a difference,
    and Fisher's exact test too gives 1.

    Source: Pearson (1900), as `chi_square` of the table of two rows, whose statistic is z²; R's prop.test(correct =
    FALSE).

    >>> round(two_proportion_test(15, 25, 5, 25), 6)
    0.003892
    >>> two_proportion_test(0, 10, 0, 20)
    1.0
    """
    if n1 == 0 or n2 == 0:
        return None
    successes, trials = x1 + x2, n1 + n2
    if successes in {0, trials}:
        return 1.0
    return normal_tails((x1 * n2 - x2 * n1) ** 2 * trials / (n1 * n2 * successes * (trials - successes)))


def one_proportion_test(x: int, n: int, rate: float) -> float | None:
    """The two-sided p-value that `x` of `n` came about at `rate` (0..1): the score z without continuity correction.

    Where fewer than 5 successes or fewer than 5 failures are expected, the exact binomial test: the chance of all
    counts no likelier than `x`. None without trials.

    Source: as R's prop.test(x, n, rate, correct = FALSE), and its binom.test where little is expected.

    >>> round(one_proportion_test(59, 100, 0.5), 6)
    0.071861
    >>> round(one_proportion_test(3, 10, 0.1), 6)
    0.070191
    >>> one_proportion_test(0, 0, 0.5) is None
    True
    """
    if n == 0:
        return None
    rest = 1 - rate
    expected = n * rate
    if expected >= FEW and n * rest >= FEW:
        return normal_tails((x - expected) ** 2 / (expected * rest))
    if rate in {0, 1}:
        return 1.0 if x == expected else 0.0
    return no_likelier(x, 0, n, min(n, int((n + 1) * rate)), lambda k: ((n - k) * rate, (k + 1) * rest))
