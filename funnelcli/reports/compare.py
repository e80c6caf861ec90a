"""The compare report: segments against a baseline, or two periods of entry against each other, and why they differ.

Journeys come in; one frozen `Compare` goes out. By segment, each one of a breakdown is held against all the others
(the whole without it), or against a named one. By period, two cohorts of entry are, whose windows are all over: their
totals first, then each segment's share in the one against its share in the other; the difference of the totals is
split into stages, and into mix and rate of the segments. Every breakdown is a family of tests of its own, and so are
the totals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelcli.errors import UsageError
from funnelcli.reports.cohorts import PERIOD, Cohort, InPeriods, segments_by_period
from funnelcli.reports.comparing import Adjust, Comparison, Group, Pair, Rates, comparisons, group
from funnelcli.reports.counting import Line, lines
from funnelcli.reports.counts import Counts, Segment, counts_by, nobody, segments, whole
from funnelcli.reports.decomposition import Part, Share, kitagawa, reverses, stages
from funnelcli.reports.naming import by_name, unknown
from funnelcli.reports.shape import Account, Head, head
from funnelcli.reports.split import Split, Weights, split

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.engine import Journeys


@dataclass(frozen=True)
class Family:
    """What is compared together, and adjusted: the segments of a breakdown, or with () the totals of two periods.

    `segments` are by entered, then name; of periods each segment in the earlier one, then in the later one, also where
    nobody entered. `baseline` is the segment, or of periods the label, that the others are held against; None for all
    others. `decomposition` tells where differences come from. `reverses` says that every segment moved one way and the
    total the other; None where that cannot be.
    """

    breakdown: tuple[str, ...]
    baseline: Mapping[str, str | None] | None
    segments: tuple[Segment, ...]
    comparisons: tuple[Comparison, ...]
    decomposition: tuple[Part, ...]
    reverses: bool | None


@dataclass(frozen=True)
class Compare:
    """The report. `later` is the lines that are compared, all after the first, and `last` the last required one.

    `whole` is all units, None where periods are compared; these are the `cohorts`, the earlier first, else none.
    `split` is None unless shares were expected.
    """

    head: Head
    rates: Rates
    adjust: Adjust
    later: tuple[Line, ...]
    last: Line
    whole: Counts | None
    cohorts: tuple[Cohort, ...]
    families: tuple[Family, ...]
    split: Split | None

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Those of all families."""
        return tuple(each for family in self.families for each in family.comparisons)

    @property
    def simpson(self) -> bool | None:
        """Whether in some breakdown every segment moved one way and the total the other; None where that cannot be."""
        known = [family.reverses for family in self.families if family.reverses is not None]
        return any(known) if known else None

    @property
    def keenest(self) -> tuple[Family, Comparison] | None:
        """The comparison at the last required stage that shows the smallest difference with 80 % power, if one can."""
        found = [
            (each.detectable_difference, family, each)
            for family in self.families
            for each in family.comparisons
            if each.stage == self.last.stage and each.detectable_difference is not None
        ]
        return min(found, key=lambda entry: entry[0])[1:] if found else None

    @property
    def detectable_difference(self) -> float | None:
        """The smallest difference at the last required stage that some comparison would show with 80 % power."""
        return None if self.keenest is None else self.keenest[1].detectable_difference


def by_segment(
    journeys: Journeys,
    funnel: Funnel,
    account: Account,
    *,
    rates: Rates = "entered",
    adjust: Adjust = "holm",
    baseline: str | None = None,
    expected: Weights | None = None,
    top: int | None = None,
) -> Compare:
    """The segments of each breakdown against all others, or where a breakdown has it against the `baseline`.

    `expected` is the split of the one breakdown. `top` pools all but so many segments.

    Raises:
        Bug: an identity that must hold does not.
        UsageError: no breakdown has the baseline, or the split does not fit the segments.
    """
    total = whole(journeys, funnel)
    found = {columns: segments(journeys, columns, funnel, total, top=top) for columns in funnel.breakdowns}
    names = {columns: by_name(part.segment for part in parts) for columns, parts in found.items()}
    if baseline is not None and not any(baseline in known for known in names.values()):
        every = [part.segment for parts in found.values() for part in parts]
        raise UsageError(f"--baseline: {unknown(baseline, every)}")
    later, last = _compared(funnel)
    families = []
    for columns, parts in found.items():
        at = None if baseline is None else names[columns].get(baseline)
        pairs = _pairs(parts, group(total), at)
        families.append(
            Family(
                breakdown=columns,
                baseline=None if at is None else parts[at].segment,
                segments=tuple(parts),
                comparisons=comparisons(pairs, later, rates, adjust),
                decomposition=tuple(part for pair in pairs for part in _by_stage(pair, pair.segment, funnel)),
                reverses=None,
            )
        )
    return Compare(
        head=head("compare", funnel, account, journeys.end),
        rates=rates,
        adjust=adjust,
        later=later,
        last=last,
        whole=total,
        cohorts=(),
        families=tuple(families),
        split=None if expected is None else split(families[0].segments, expected),
    )


def _compared(funnel: Funnel) -> tuple[tuple[Line, ...], Line]:
    """The lines after the first, and the last required one."""
    every = lines(funnel)
    return tuple(every[1:]), next(line for line in reversed(every) if not line.optional)


def _pairs(parts: Sequence[Segment], total: Group, at: int | None) -> list[Pair]:
    """Each segment with all others; or with the one at that place, which is not held against itself."""
    groups = [(part.segment, group(part.counts)) for part in parts]
    if at is None:
        return [Pair(segment, None, own, total.without(own)) for segment, own in groups]
    baseline, against = groups[at]
    others = (*groups[:at], *groups[at + 1 :])
    return [Pair(segment, baseline, own, against) for segment, own in others]


def _by_stage(pair: Pair, segment: Mapping[str, str | None] | None, funnel: Funnel) -> list[Part]:
    """What each required stage after the first contributes to the difference of the overall rates of a pair.

    Nothing if nobody entered on a side, or units may enter at any stage, since their rates do not multiply.
    """
    if funnel.start == "open" or not pair.group.entered or not pair.against.entered:
        return []
    required = [line for line in lines(funnel) if not line.optional]
    sides = [[side.reached[line.position - 1] for line in required] for side in (pair.group, pair.against)]
    parts = stages(sides[0], sides[1])
    return [Part("stage", line.stage, segment, part) for line, part in zip(required[1:], parts, strict=True)]


def by_period(
    journeys: Journeys,
    cohorts: Sequence[Cohort],
    funnel: Funnel,
    account: Account,
    *,
    rates: Rates = "entered",
    adjust: Adjust = "holm",
    baseline: str,
    top: int | None = None,
) -> Compare:
    """The two cohorts against each other, and their segments; `baseline` is the label of one.

    `journeys` by period, those of `cohorts`, all mature.

    Raises:
        Bug: an identity that must hold does not.
    """
    later, last = _compared(funnel)
    labels = [cohort.period.label for cohort in cohorts]
    base = labels.index(baseline)
    counts = counts_by(journeys.frame, journeys.excluded, [PERIOD], journeys.end, funnel)
    totals = [counts.get((number,), nobody(funnel)) for number in range(2)]
    all_ = InPeriods({}, tuple(totals))
    families = []
    for columns in ((), *funnel.breakdowns):
        parts = segments_by_period(journeys, columns, funnel, totals, top=top) if columns else [all_]
        pairs = [
            Pair(
                segment={PERIOD: labels[1 - base]} | dict(part.segment),
                baseline={PERIOD: labels[base]} | dict(part.segment),
                group=group(part.counts[1 - base]),
                against=group(part.counts[base]),
            )
            for part in parts
        ]
        # With `any` segments overlap, so a change of the whole is not made of theirs.
        adds_up = bool(columns) and funnel.segment_from != "any" and all(total.entered for total in totals)
        if not columns:
            decomposition = _by_stage(pairs[0], None, funnel)
        else:
            decomposition = _mix_and_rate(parts, pairs, last) if adds_up else []
        families.append(
            Family(
                breakdown=columns,
                baseline={PERIOD: labels[base]},
                segments=tuple(part.in_period(at, label) for part in parts for at, label in enumerate(labels)),
                comparisons=comparisons(pairs, later, rates, adjust),
                decomposition=tuple(decomposition),
                reverses=reverses(*_converted(pairs, last)) if adds_up else None,
            )
        )
    return Compare(
        head=head("compare", funnel.model_copy(update={"mature": True}), account, journeys.end),
        rates=rates,
        adjust=adjust,
        later=later,
        last=last,
        whole=None,
        cohorts=tuple(cohorts),
        families=tuple(families),
        split=None,
    )


def _mix_and_rate(parts: Sequence[InPeriods], pairs: Sequence[Pair], last: Line) -> list[Part]:
    """What the size of each segment, and its rate, contribute to the difference of the totals."""
    found = []
    for part, (mix, own) in zip(parts, kitagawa(*_converted(pairs, last)), strict=True):
        found += [Part("mix", None, part.segment, mix), Part("rate", None, part.segment, own)]
    return found


def _converted(pairs: Sequence[Pair], last: Line) -> tuple[list[Share], list[Share]]:
    """(converted, entered) of each segment, and of its baseline."""
    sides = ([pair.group for pair in pairs], [pair.against for pair in pairs])
    own, against = ([(side.reached[last.position - 1], side.entered) for side in groups] for groups in sides)
    return own, against
