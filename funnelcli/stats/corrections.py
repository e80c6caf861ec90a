"""Corrections of p-values for how many were looked at. The order is kept; None stays None and is not in the family."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """p-values such that the chance of even one false alarm in the family is at most the level they are held against.

    Source: Holm (1979), A simple sequentially rejective multiple test procedure; Scandinavian Journal of Statistics 6,
    65–70. R's p.adjust(method = "holm").

    >>> holm([0.01, 0.04, None, 0.03])
    [0.03, 0.06, None, 0.06]
    """
    family = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(family):
        highest = max(highest, min(1.0, p * (len(family) - rank)))
        adjusted[place] = highest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """p-values such that, of those under a level, the expected share of false alarms is at most that level.

    Source: Benjamini and Hochberg (1995), Controlling the false discovery rate; Journal of the Royal Statistical
    Society B 57, 289–300. R's p.adjust(method = "BH").

    >>> benjamini_hochberg([0.01, 0.04, None, 0.03])
    [0.03, 0.04, None, 0.04]
    """
    family = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    lowest = 1.0
    for rank, (p, place) in reversed(list(enumerate(family, start=1))):
        lowest = min(lowest, p * (len(family) / rank))
        adjusted[place] = lowest
    return adjusted
