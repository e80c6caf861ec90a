"""Why a rate moved: the difference of two conversion rates, split exactly into parts that add up to it.

Counts of two sides come in, `later` and `earlier`, or a segment and what it is held against; parts in 0..1 go out. By
stage, a part is what the change of that stage's rate alone accounts for. By segment, it is what the change of the
segment's size (mix) and of its rate account for. Where the two sides change places, every part changes its sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum, log, log1p
from typing import Literal

from funnelcli.errors import Bug

Share = tuple[int, int]
"""How many converted, of how many who entered."""

NEAR = 1e-9
"""How far the sum of the parts may be from the difference, for all the rounding of floats."""


@dataclass(frozen=True)
class Part:
    """A part of a difference: of kind stage that of a stage, of kind mix or rate that of a segment.

    `segment` is None for the stages of a whole, `stage` for mix and rate.
    """

    kind: Literal["stage", "mix", "rate"]
    stage: str | None
    segment: Mapping[str, str | None] | None
    difference: float


def together(parts: Iterable[Part]) -> float:
    """The sum of parts, in −1..1 as a difference of rates is, and 0 where only rounding keeps it from that."""
    total = fsum(part.difference for part in parts)
    return 0.0 if abs(total) < NEAR else max(-1.0, min(1.0, total))


def logarithmic_mean(a: float, b: float) -> float:
    """(a − b) ÷ ln(a ÷ b) of two numbers not under 0, which lies between them; a where they are equal, 0 where one is.

    Source: Carlson (1972), The logarithmic mean; American Mathematical Monthly 79, 615–618.

    >>> round(logarithmic_mean(0.4, 0.1), 6), logarithmic_mean(0.2, 0.2), logarithmic_mean(0, 0.5)
    (0.216404, 0.2, 0.0)
    """
    low, high = sorted((a, b))
    if low == high:
        return a
    return (high - low) / log1p((high - low) / low) if low > 0 else 0.0


def stages(later: Sequence[int], earlier: Sequence[int]) -> list[float]:
    """What each stage after the first contributes to the difference of the two overall rates, later − earlier.

    Both sides are how many reached each required stage, in order; the first is who entered, and not 0. The overall
    rate is the product of the stage rates, so their log ratios add up to its own; each is weighed by the logarithmic
    mean of the two overall rates. Where nobody converted on one side, the limit is taken as the rates of 0 come from
    above: the whole difference is that of the stage which nobody reached although some had reached the one before. A
    stage before which nobody was left has no rate there, and no part. Where nobody converted on either side, all is 0.

    Source: Ang (2005), The LMDI approach to decomposition analysis: a practical guide; Energy Policy 33, 867–871. For
    zeros: Ang and Liu (2007), Handling zero values in the logarithmic mean Divisia index decomposition approach; Energy
    Policy 35, 238–246.

    >>> [round(part, 4) for part in stages([100, 50, 40], [100, 50, 20])]
    [0.0, 0.2]
    >>> stages([100, 50, 0], [100, 40, 20])
    [0.0, -0.2]
    """
    total = later[-1] / later[0] - earlier[-1] / earlier[0]
    if later[-1] and earlier[-1]:
        weight = logarithmic_mean(later[-1] / later[0], earlier[-1] / earlier[0])
        parts = [
            weight * log((after * before_then) / (before * after_then))
            for (before, after), (before_then, after_then) in zip(pairwise(later), pairwise(earlier), strict=True)
        ]
    else:
        without = later if later[-1] == 0 else earlier
        broken = next(number for number, count in enumerate(without) if count == 0)
        parts = [total if number == broken else 0.0 for number in range(1, len(without))]
    assert_sum(parts, total)
    return parts


def kitagawa(later: Sequence[Share], earlier: Sequence[Share]) -> list[tuple[float, float]]:
    """(mix, rate) of each segment: what its share of entrants and its own rate contribute to later − earlier.

    Both sides have the same segments in the same order, and somebody entered on each. A segment that nobody entered on
    a side has no rate there: its rate is taken as unchanged, so that all it contributes is mix.

    Source: Kitagawa (1955), Components of a difference between two rates; JASA 50, 1168–1194, with the interaction
    divided equally.

    >>> [(round(mix, 4), round(rate, 4)) for mix, rate in kitagawa([(30, 50), (10, 50)], [(10, 20), (8, 80)])]
    [(0.165, 0.035), (-0.045, 0.065)]
    """
    entered, entered_then = sum(of for _, of in later), sum(of for _, of in earlier)
    parts = []
    for (count, of), (count_then, of_then) in zip(later, earlier, strict=True):
        rate = count / of if of else count_then / of_then if of_then else 0.0
        rate_then = count_then / of_then if of_then else rate
        share, share_then = of / entered, of_then / entered_then
        mix, own = (share - share_then) * (rate + rate_then) / 2, (rate - rate_then) * (share + share_then) / 2
        parts.append((mix + 0.0, own + 0.0))  # A smaller share at a rate of 0 is −0.0, which + 0.0 makes 0.0.
    total = sum(count for count, _ in later) / entered - sum(count for count, _ in earlier) / entered_then
    assert_sum([part for pair in parts for part in pair], total)
    return parts


def reverses(later: Sequence[Share], earlier: Sequence[Share]) -> bool:
    """Whether every segment's rate moves one way and the total's the other: Simpson's paradox.

    Of segments that somebody entered on both sides, of which there must be two or more; a rate that stands still moves
    neither way.

    Source: Simpson (1951), The interpretation of interaction in contingency tables; Journal of the Royal Statistical
    Society B 13, 238–241.
    """
    pairs = list(zip(later, earlier, strict=True))
    moves = [_move(now, then) for now, then in pairs if now[1] and then[1]]
    totals = [(sum(count for count, _ in side), sum(of for _, of in side)) for side in (later, earlier)]
    total = _move(totals[0], totals[1])
    return len(moves) > 1 and total != 0 and all(move * total < 0 for move in moves)


def _move(now: Share, then: Share) -> int:
    """Above 0 where the rate rises, under 0 where it falls."""
    return now[0] * then[1] - then[0] * now[1]


def assert_sum(parts: Sequence[float], total: float) -> None:
    """The parts add up to the total.

    Raises:
        Bug: they do not.
    """
    if abs(fsum(parts) - total) > NEAR:
        raise Bug(f"the parts {parts} of a difference of {total} do not add up to it")
