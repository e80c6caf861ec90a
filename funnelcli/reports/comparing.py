"""Comparing: a segment's rates against a baseline's, stage by stage, with intervals and adjusted tests.

Groups of counts come in, in pairs that make a family; a `Comparison` per stage and pair goes out. The family is all
tests that were done on it: the stages after the first times the pairs, less those that had nobody on a side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from funnelcli.reports.counting import Line, rate
from funnelcli.reports.targets import ENOUGH
from funnelcli.stats import benjamini_hochberg, detectable_difference, holm, newcombe, shares_test

if TYPE_CHECKING:
    from funnelcli.reports.counts import Counts

Rates = Literal["entered", "stage"]
Adjust = Literal["holm", "bh", "none"]
Test = Literal["z", "fisher"]

LEVEL = 0.05
"""Under this an adjusted p-value is significant."""

POWER = 0.8
"""How likely a detectable difference is to be found."""

ADJUSTED: dict[Adjust, Callable[[Sequence[float | None]], list[float | None]]] = {
    "holm": holm,
    "bh": benjamini_hochberg,
    "none": list,
}


@dataclass(frozen=True)
class Group:
    """What a comparison needs of some units: who entered, and at each line who reached it and who came to it.

    `came` is who reached it, with `start: open` who continued to it from the required stage before.
    """

    entered: int
    reached: tuple[int, ...]
    came: tuple[int, ...]

    def without(self, part: Group) -> Group:
        """The units that are not in `part`."""
        return Group(
            self.entered - part.entered,
            tuple(all_ - some for all_, some in zip(self.reached, part.reached, strict=True)),
            tuple(all_ - some for all_, some in zip(self.came, part.came, strict=True)),
        )

    def share(self, line: Line, rates: Rates) -> tuple[int, int]:
        """(count, of): who reached the line of who entered, or who came to it of who reached the stage before."""
        if rates == "entered" or line.before is None:
            return self.reached[line.position - 1], self.entered
        return self.came[line.position - 1], self.reached[line.before - 1]


def group(counts: Counts) -> Group:
    """Counts as a comparison needs them."""
    return Group(
        counts.entered,
        tuple(stage.reached for stage in counts.stages),
        tuple(stage.reached if stage.continued is None else stage.continued for stage in counts.stages),
    )


@dataclass(frozen=True)
class Pair:
    """A segment, and the baseline it is held against; None for all others."""

    segment: Mapping[str, str | None]
    baseline: Mapping[str, str | None] | None
    group: Group
    against: Group


@dataclass(frozen=True)
class Comparison:
    """One stage of a segment against that of its baseline (None for all others).

    `count` of `of` units make `rate`, as they do of the baseline; `difference` is rate − baseline_rate with Newcombe's
    95 % interval, `ratio` is rate ÷ baseline_rate. Where a side has no units there is no test, and all that needs
    it is None. `significant` is p_adjusted < 0.05, `enough_data` at least 30 units on both sides, and
    `detectable_difference` what so many units would show with 80 % power at the level that the correction leaves.
    """

    stage: str
    segment: Mapping[str, str | None]
    baseline: Mapping[str, str | None] | None
    rate: float | None
    baseline_rate: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    ratio: float | None
    p_value: float | None
    p_adjusted: float | None
    test: Test | None
    significant: bool | None
    enough_data: bool
    count: int
    of: int
    baseline_count: int
    baseline_of: int
    detectable_difference: float | None


def comparisons(pairs: Sequence[Pair], lines: Sequence[Line], rates: Rates, adjust: Adjust) -> tuple[Comparison, ...]:
    """The comparisons of one family, adjusted over it: by stage, then in the order of the pairs."""
    plain = [_comparison(line, pair, rates) for line in lines for pair in pairs]
    adjusted = ADJUSTED[adjust]([each.p_value for each in plain])
    tests = tested(plain)
    level = LEVEL / tests if adjust == "holm" and tests else LEVEL
    return tuple(
        replace(
            each,
            p_adjusted=p,
            significant=None if p is None else p < LEVEL,
            detectable_difference=_detectable(each, level),
        )
        for each, p in zip(plain, adjusted, strict=True)
    )


def tested(family: Sequence[Comparison]) -> int:
    """How many tests were done."""
    return sum(each.p_value is not None for each in family)


def _comparison(line: Line, pair: Pair, rates: Rates) -> Comparison:
    """One comparison, not yet adjusted."""
    (count, of), (against, against_of) = pair.group.share(line, rates), pair.against.share(line, rates)
    low, high = newcombe(count, of, against, against_of)
    p_value, test = shares_test(count, of, against, against_of)
    return Comparison(
        stage=line.stage,
        segment=pair.segment,
        baseline=pair.baseline,
        rate=rate(count, of),
        baseline_rate=rate(against, against_of),
        difference=(count * against_of - against * of) / (of * against_of) if of and against_of else None,
        difference_low=low,
        difference_high=high,
        ratio=(count * against_of) / (against * of) if of and against else None,
        p_value=p_value,
        p_adjusted=None,
        test=test,
        significant=None,
        enough_data=min(of, against_of) >= ENOUGH,
        count=count,
        of=of,
        baseline_count=against,
        baseline_of=against_of,
        detectable_difference=None,
    )


def _detectable(each: Comparison, level: float) -> float | None:
    if each.baseline_rate is None:
        return None
    return detectable_difference(each.of, each.baseline_of, each.baseline_rate, level, POWER)
