"""Why a stage is a bottleneck, as a sentence that a marketer reads: which stage, for whom, how much worse than what,
what it would bring, how sure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelcli import display
from funnelcli.reports.comparing import LEVEL
from funnelcli.reports.targets import ENOUGH
from funnelcli.tables.parts import segment
from funnelcli.tables.spans import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from funnelcli.config.funnel import Every
    from funnelcli.reports.bottlenecks import Bottleneck, Bottlenecks


def period(every: Every, number: int = 1) -> str:
    """The word for so many periods of that length: `week`, `weeks`."""
    return WORDS[every] if number == 1 else f"{WORDS[every]}s"


def way(row: Bottleneck) -> str:
    """From which stage to which: `Cart → Checkout`."""
    return f"{row.from_stage} → {row.stage}"


def reason(row: Bottleneck, report: Bottlenecks) -> str:
    """The sentence, or two or three, on a row of the report."""
    whom = ""
    if row.segment is not None:
        whom = f" for {' and '.join(row.segment)} {segment(row.segment)}"
    if row.stage_rate is None:
        return f"{way(row)}{whom}: nobody reached {row.from_stage}, so there is nothing to tell."
    if row.stage_rate == 0 == row.target_rate:
        told = f"nobody goes on, nor does anybody {_elsewhere(row, report)}, so there is no better rate to reach"
    else:
        told = f"{display.rate(row.stage_rate)} go on{_target(row, report)}{_gain(row)}"
    return " ".join([f"{way(row)}{whom}: {_measured(row)}{told}.", *_sure(row, report)])


def _measured(row: Bottleneck) -> str:
    """What the row is ranked by, unless the rest of the sentence says it."""
    if row.measure == "lost":
        still = f" and {display.count(row.open)} {_are(row.open)} still open" if row.open else ""
        return f"{display.count(row.dropped)} dropped{still}; "
    if row.measure == "slow" and row.median_seconds is not None:
        return f"half of those who go on take {display.seconds(row.median_seconds)} or more; "
    return ""


def _are(number: int | None) -> str:
    return "is" if number == 1 else "are"


def _target(row: Bottleneck, report: Bottlenecks) -> str:
    rate = display.rate(row.target_rate)
    if row.target_from == "targets":
        return f", against the target of {rate}"
    if row.target_from == "segment" and row.target_segment is not None:
        if row.is_best:
            return f", the best of {row.best_of} segments"
        best = "the only other segment" if row.best_of == 1 else f"the best of {row.best_of} segments"
        return f", against {rate} of {segment(row.target_segment)} ({best} with enough data)"
    every = period(report.every, row.best_of or 1)
    if row.target_from == "period":
        best = f"the best of {row.best_of} earlier {every}" if row.best_of != 1 else f"the only earlier {every}"
        return f", against {rate} in {row.target_period} ({best} with enough data)"
    segments = "no other segment and " if row.segment is not None else ""
    return (
        f", and there is no target: the config sets none, and {segments}no earlier whole {every} has {ENOUGH} who"
        f" reached {row.from_stage}"
    )


def _elsewhere(row: Bottleneck, report: Bottlenecks) -> str:
    """Where the target was looked for."""
    if row.target_from == "segment":
        return "in another segment with enough data"
    return f"in an earlier {period(report.every)} with enough data"


def _gain(row: Bottleneck) -> str:
    if row.target_rate is None or row.stage_rate is None or row.is_best:
        return ""
    if row.stage_rate >= row.target_rate:
        return ", so it is reached already"
    if row.later_rate is None:
        return "" if row.reached else f"; what that would bring is unknown, as nobody at all reached {row.stage}"
    if row.extra_conversions == 0:
        return (
            f"; that would bring nothing, as none of the {display.count(row.reached)} who reached {row.stage} converted"
        )
    more = f"; at that rate {display.estimate(row.extra_conversions)} more would convert{_limits(row)}"
    worth = "" if row.extra_value is None else f", worth {display.estimate(row.extra_value)}"
    whole = f", if they then convert like all who reach {row.stage}" if row.later_from_whole else ""
    return more + worth + whole


def _limits(row: Bottleneck) -> str:
    if row.extra_conversions_low is None or row.extra_conversions_high is None:
        return ""
    perhaps = ", so perhaps none" if row.extra_conversions_low <= 0 else ""
    low, high = (display.estimate(limit) for limit in (row.extra_conversions_low, row.extra_conversions_high))
    return f" (95 % interval {low} to {high}{perhaps})"


def _sure(row: Bottleneck, report: Bottlenecks) -> Iterable[str]:
    """What speaks for chance, and what against it."""
    if row.reached_before < ENOUGH:
        few = display.count(row.reached_before)
        yield f"Only {few} reached {row.from_stage}: too little data to be sure of anything."
    if row.p_adjusted is None:
        return
    tests = next(each.tests for each in report.families if each.breakdown == tuple(row.segment or ()))
    holm = f" after Holm over {display.count(tests)} tests" if tests > 1 else ""
    p = f"(p {display.p_value(row.p_adjusted)}{holm})"
    chance = "is hardly chance" if row.p_adjusted < LEVEL else "may be chance"
    if row.segment is not None:
        if row.stage_rate != row.rest_rate:
            yield f"The difference from the {display.rate(row.rest_rate)} of all others {chance} {p}."
    elif row.target_from == "targets":
        if row.stage_rate != row.target_rate:
            yield f"The difference from the target {chance} {p}."
    elif row.target_rate != row.rest_rate:
        others = f"the {display.rate(row.rest_rate)} of the other {period(report.every, 2)}"
        yield f"That {row.target_period} differs from {others} {chance} {p}."
