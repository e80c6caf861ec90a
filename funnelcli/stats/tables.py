"""Tests and measures of association in tables of counts.

A table of two rows and two columns is written a, b, c, d: with a factor a succeeded and b did not, without it c and d.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, fsum, sqrt
from typing import Literal

from funnelcli.stats.proportions import FEW, two_proportion_test
from funnelcli.stats.tails import chi_square_tail, deviate, no_likelier

SharesTest = tuple[float, Literal["z", "fisher"]] | tuple[None, None]
"""The p-value, and which test it is of."""

OddsRatio = tuple[float, float, float] | tuple[None, None, None]
"""Ratio, low and high; all None where the table has an empty row or column."""


def chi_square(table: Sequence[Sequence[int]]) -> float | None:
    """The p-value of Pearson's chi-square test that rows and columns are independent, without Yates' correction.

    Rows and columns of zeros say nothing and are left out. None where fewer than two rows or columns remain.

    Source: Pearson (1900), On the criterion that a given system of deviations from the probable …; Philosophical
    Magazine 50, 157–175. R's chisq.test(correct = FALSE).

    >>> round(chi_square([[762, 327, 468], [484, 239, 477]]), 10)  # Agresti (2007), table 2.5: party by gender
    2.954e-07
    >>> chi_square([[3, 0], [4, 0]]) is None
    True
    """
    rows = [sum(row) for row in table]
    columns = [sum(column) for column in zip(*table, strict=True)]
    total = sum(rows)
    degrees = (sum(row > 0 for row in rows) - 1) * (sum(column > 0 for column in columns) - 1)
    if total == 0 or degrees == 0:
        return None
    terms = (
        (count * total - row * column) ** 2 / (total * row * column)
        for counts, row in zip(table, rows, strict=True)
        for count, column in zip(counts, columns, strict=True)
        if row > 0 and column > 0
    )
    return chi_square_tail(fsum(terms), degrees)


def goodness_of_fit(observed: Sequence[int], shares: Sequence[float]) -> float | None:
    """The p-value of Pearson's chi-square test that the counts are split in proportion to `shares`, of any sum.

    0.0 where something was counted that has no share; None where nothing was counted or fewer than two have a share.

    Source: Pearson (1900), as `chi_square`; R's chisq.test(observed, p = shares, rescale.p = TRUE).

    >>> round(goodness_of_fit([89, 37, 30, 28, 2], [40, 20, 20, 15, 5]), 6)
    0.040594
    >>> goodness_of_fit([0, 0], [1, 1]) is None
    True
    """
    counted = sum(observed)
    whole = fsum(shares)
    if counted == 0 or sum(share > 0 for share in shares) < 2:
        return None
    pairs = list(zip(observed, shares, strict=True))
    if any(count > 0 and share == 0 for count, share in pairs):
        return 0.0
    expected = [(count, counted * share / whole) for count, share in pairs if share > 0]
    return chi_square_tail(fsum((count - mean) ** 2 / mean for count, mean in expected), len(expected) - 1)


def least_expected(table: Sequence[Sequence[int]]) -> float | None:
    """The smallest count that a cell would have if rows and columns were independent; None for a table of zeros.

    Under 5, approximations are not trusted and `fisher` is the test.

    Source: Cochran (1954), Some methods for strengthening the common χ² tests; Biometrics 10, 417–451.

    >>> least_expected([[3, 1], [1, 3]])
    2.0
    """
    rows = [sum(row) for row in table]
    total = sum(rows)
    return min(rows) * min(sum(column) for column in zip(*table, strict=True)) / total if total else None


def shares_test(x1: int, n1: int, x2: int, n2: int) -> SharesTest:
    """The two-sided p-value that two shares are one, and by which test: z, or Fisher's where an expected count is under
    5; (None, None) if a side has no trial.

    Source: Cochran (1954), as `least_expected`.

    >>> shares_test(3, 4, 1, 4)[1], shares_test(30, 40, 10, 40)[1]
    ('fisher', 'z')
    """
    if not n1 or not n2:
        return None, None
    (a, b), (c, d) = table = (x1, n1 - x1), (x2, n2 - x2)
    if (least_expected(table) or 0) < FEW:
        return fisher(a, b, c, d), "fisher"
    p_value = two_proportion_test(x1, n1, x2, n2)
    return (None, None) if p_value is None else (p_value, "z")


def fisher(a: int, b: int, c: int, d: int) -> float:
    """The two-sided p-value of Fisher's exact test: the chance of all tables of the same margins no likelier than this.

    Exact also for margins of millions. 1.0 where a row or column is empty, since no other table has these margins.

    Source: Fisher (1935), The logic of inductive inference; Journal of the Royal Statistical Society 98, 39–82. Tables
    count as equally likely within a factor of 1 + 1e-7, as in R's fisher.test.

    >>> round(fisher(3, 1, 1, 3), 4)  # the lady who tasted tea
    0.4857
    >>> fisher(0, 0, 3, 4)
    1.0
    """
    row, column, total = a + b, a + c, a + b + c + d
    spare = total - row - column
    mode = (row + 1) * (column + 1) // (total + 2)
    return no_likelier(
        a,
        max(0, -spare),
        min(row, column),
        mode,
        lambda k: ((row - k) * (column - k), (k + 1) * (spare + k + 1)),
    )


def odds_ratio(a: int, b: int, c: int, d: int, level: float = 0.95) -> OddsRatio:
    """The odds ratio (a·d) ÷ (b·c) with its logit interval.

    Where a cell is zero, and only there, 0.5 is added to every cell (Haldane and Anscombe), so that ratio and interval
    are finite. All None where a row or column is empty: such a table holds nothing about the ratio.

    Source: Woolf (1955), On estimating the relation between blood group and disease; Annals of Human Genetics 19,
    251–253. Haldane (1956), The estimation and significance of the logarithm of a ratio of frequencies; the same 20,
    309–311. Anscombe (1956), On estimating binomial response relations; Biometrika 43, 461–464.

    >>> [round(number, 2) for number in odds_ratio(141, 420, 928, 13525)]  # Bland and Altman (2000): hay fever, eczema
    [4.89, 4.0, 5.99]
    >>> odds_ratio(4, 6, 0, 0)
    (None, None, None)
    """
    if 0 in {a + b, c + d, a + c, b + d}:
        return None, None, None
    cells: list[float] = [a, b, c, d]
    if 0 in cells:
        cells = [cell + 0.5 for cell in cells]
    w, x, y, z = cells
    ratio = (w * z) / (x * y)
    factor = exp(deviate(level) * sqrt(fsum(1 / cell for cell in cells)))
    return ratio, ratio / factor, ratio * factor


def phi(a: int, b: int, c: int, d: int) -> float | None:
    """The correlation of the two yes-or-no answers of a table, −1..1; None where a row or column is empty.

    Source: Yule (1912), On the methods of measuring association between two attributes; Journal of the Royal
    Statistical Society 75, 579–652.

    >>> phi(3, 1, 1, 3), phi(2, 0, 0, 5)
    (0.5, 1.0)
    """
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    return max(-1.0, min(1.0, (a * d - b * c) / sqrt(margins))) if margins else None
