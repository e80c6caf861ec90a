"""What the trend report says in words: above its tables what happened, below them what they mean."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from funnelcli import display
from funnelcli.config import times
from funnelcli.reports.trend import LEAST_EXPECTED
from funnelcli.tables.comparing import several_times
from funnelcli.tables.parts import segment
from funnelcli.tables.spans import WORDS, label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from funnelcli.config.funnel import Funnel
    from funnelcli.reports.trend import Period, Trend

NAMED = 5
"""How many periods outside the limits are told in words."""


def distance(period: Period) -> float:
    """How far a period lies outside its limits: above 0 if it is above them, under 0 if it is below."""
    share, low, high = period.counts.conversion_rate, period.limit_low, period.limit_high
    if not period.outside or share is None or low is None or high is None:
        return 0.0
    return share - high if share > high else share - low


def summary(report: Trend) -> Iterable[str]:
    """How many entered when, how many of them converted, and what lies outside the limits."""
    periods, funnel = report.whole.periods, report.head.funnel
    if not periods:
        first, end = report.head.first_time, report.head.last_time
        logs = f"; the logs go from {display.time(first)} to {display.time(end)} UTC" if first and end else ""
        yield f"Nobody entered, so there are no periods{logs}."
        return
    zone, word = times.zone(funnel.timezone), WORDS[report.every]
    entered, converted = _sums(periods)
    first_label, last_label = (label(period.span, report.every, zone) for period in (periods[0], periods[-1]))
    reach = f"from {first_label} to {last_label}" if len(periods) > 1 else first_label
    yield (
        f"{_many(len(periods), word)} of entry, {reach}, {funnel.timezone}: {_entries(entered)}"
        f"{_counting(funnel, word) if len(periods) > 1 and entered else ''}"
        + (
            f"; {display.count(converted)}{' of them' if entered > 1 else ''} converted"
            f" ({display.rate(converted / entered)})."
            if entered
            else "."
        )
    )
    yield from _outside(report, zone)


def _entries(number: int) -> str:
    return f"{display.count(number)} {'entry' if number == 1 else 'entries'}"


def _counting(funnel: Funnel, word: str) -> str:
    """Why the entries of all periods are not the journeys of the funnel."""
    if funnel.count == "attempts":
        return f", every attempt in the {word} that it enters"
    return f", as a {'session' if funnel.session is not None else 'unit'} counts in every {word} that it enters"


def _outside(report: Trend, zone: tzinfo) -> Iterable[str]:
    """The periods outside their limits in words, those of the whole first, then the farthest of the segments."""
    word = WORDS[report.every]
    judged = sum(period.outside is not None for period in report.whole.periods)
    found = [(_at(period, report, zone), period) for period in report.whole.periods if period.outside]
    if found:
        yield _named("Outside the limits", found)
    elif judged:
        yield f"The conversion rate is within the limits in each of the {_many(judged, f'complete {word}')}."
    of_segments = [
        (f"{segment(part.segment or {})}, {_at(period, report, zone)}", period)
        for part in report.segments
        for period in part.periods
        if period.outside
    ]
    if of_segments:
        yield _named("Segments outside their limits", of_segments)


def _named(what: str, found: Sequence[tuple[str, Period]]) -> str:
    """A sentence on the farthest of the periods, in their order."""
    farthest = sorted(range(len(found)), key=lambda at: (-abs(distance(found[at][1])), at))[:NAMED]
    parts = [f"{name}: {_said(period)}" for name, period in (found[at] for at in sorted(farthest))]
    more = len(found) - len(parts)
    return f"{what}: {'; '.join(parts)}{f'; and {display.count(more)} nearer ones' if more else ''}."


def _at(period: Period, report: Trend, zone: tzinfo) -> str:
    return label(period.span, report.every, zone)


def _said(period: Period) -> str:
    away = distance(period)
    side, limit = ("above", period.limit_high) if away > 0 else ("below", period.limit_low)
    share = display.rate(period.counts.conversion_rate)
    few = f", of only {display.count(period.counts.entered)} who entered, too few to say much" if period.few else ""
    return f"{share}, {side} {display.rate(limit)} ({display.difference(away)}){few}"


def notes(report: Trend) -> Iterable[str]:
    """What a person must know of periods that are not complete, of the limits, and of what does not add up."""
    periods, funnel, word = report.whole.periods, report.head.funnel, WORDS[report.every]
    if not periods:
        return
    yield from _open(report)
    if report.whole.centre_rate is not None:
        yield (
            f"Limits: three standard deviations around {display.rate(report.whole.centre_rate)}, the rate of the"
            f" complete {word}s together{'; of a segment around its own' if report.segments else ''}."
            f" By chance alone about 3 {word}s in 1,000 lie outside, where at least {LEAST_EXPECTED} conversions and"
            f" {LEAST_EXPECTED} others are expected.{_few(report)}"
        )
    if len(periods) > 1:
        yield (
            f"Each {word} is a report of its own: a unit counts in every {word} that it enters,"
            f" so the {word}s do not add up to the whole.{several_times(f'a {word}', funnel)}"
        )
    if funnel.segment_from == "any" and report.segments:
        yield (
            "A unit counts in every segment that its journey has a value of,"
            " so the segments do not add up to the whole."
        )


def _few(report: Trend) -> str:
    """In how many of the periods with limits fewer are expected than these limits need."""
    places = []
    for periods, whose in (
        (report.whole.periods, ""),
        ([period for part in report.segments for period in part.periods], " of segments"),
    ):
        judged = [period.few for period in periods if period.few is not None]
        if any(judged):
            complete = f"{display.count(len(judged))} complete {WORDS[report.every]}s{whose}"
            places.append(f"in {display.count(sum(judged))} of {complete}")
    return f" Fewer are expected {' and '.join(places)}." if places else ""


def _open(report: Trend) -> Iterable[str]:
    """Which periods are not complete, why, and how many of those who entered in them are open."""
    funnel, word = report.head.funnel, WORDS[report.every]
    running = [period for period in report.whole.periods if not period.complete]
    if not running:
        return
    first = label(running[0].span, report.every, times.zone(funnel.timezone))
    reach = f"from {first} on" if len(running) > 1 else first
    what = "not over" if funnel.window is None else "with windows that are not over"
    count, (entered, converted) = sum(period.counts.open for period in running), _sums(running)
    may_convert = entered - converted if funnel.window is None else count
    rise = " may still rise, and" if may_convert else ""
    rates = f"its rate{rise} is" if len(running) == 1 else f"their rates{rise} are"
    yield (
        f"Still open: {_many(len(running), word)}, {reach}, {what} at the end of the data;"
        f" {rates} left out of the limits and of the line over time."
    )
    if count:
        entries = "The entry" if entered == 1 else f"{display.count(count)} of the {_entries(entered)}"
        yield f"{entries} then {'is' if count == 1 else 'are'} still open."


def _sums(periods: Iterable[Period]) -> tuple[int, int]:
    """How many entered and converted in all of them."""
    found = [(period.counts.entered, period.counts.converted) for period in periods]
    return sum(entered for entered, _ in found), sum(converted for _, converted in found)


def _many(number: int, word: str) -> str:
    return f"{display.count(number)} {word}{'' if number == 1 else 's'}"
