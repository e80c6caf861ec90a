"""The conversion report as a table: the stages, then the segments of each breakdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from itertools import groupby
from typing import Any

from funnelcli import display
from funnelcli.reports.conversion import Conversion, Counts, Segment, StageCounts, words
from funnelcli.tables.frame import how_counted, opening
from funnelcli.tables.table import Cell, Column, Kind, Scalar, Section, Table

STAGE_COLUMNS = (
    Column("Stage", "text"),
    Column("Reached", "count"),
    Column("Of entered", "rate"),
    Column("", "bar", 4),
    Column("95 % interval", "interval", 5),
    Column("Of stage before", "rate", 1),
    Column("Drop-off", "count", 2),
    Column("Still open", "count", 6),
    Column("Median time", "seconds", 3),
)
_TEXT, _FLAG = {"stage"}, {"optional"}
_COUNTS = {"position", "reached", "dropped", "open", "continued", "entered_here"}


def table(report: Conversion) -> Table:
    """The conversion report, ready for every format."""
    whole = report.whole
    funnel = report.head.funnel
    hidden = frozenset() if funnel.start == "open" else OPEN_ONLY
    by_segment = bool(funnel.breakdowns)
    record = opening(report.head) | _record(whole, hidden)
    if by_segment:
        record["segments"] = [
            {"segment": dict(part.segment)} | _record(part.counts, hidden) for part in report.segments
        ]
    names: list[tuple[str, Kind]] = [("breakdown", "text"), ("segment", "text")] if by_segment else []
    blank: tuple[Scalar, ...] = (None, None) if by_segment else ()
    columns = [field.name for field in fields(StageCounts) if field.name not in hidden]
    return Table(
        title=funnel.name,
        record=record,
        fields=(*names, *((name, _kind(name)) for name in columns)),
        rows=(
            *((*blank, *_values(stage, columns)) for stage in whole.stages),
            *(
                (breakdown(part.segment), segment(part.segment), *_values(stage, columns))
                for part in report.segments
                for stage in part.counts.stages
            ),
        ),
        sections=(_stages(whole), *_breakdowns(report.segments)),
        summary=tuple(_summary(whole, "attempts" if funnel.count == "attempts" else "")),
        notes=(*_notes(report), how_counted(report.head)),
    )


OPEN_ONLY = frozenset({"continued", "entered_here"})
"""What only a funnel with `start: open` tells of a stage."""


def breakdown(values: Mapping[str, str | None]) -> str:
    """The columns of a breakdown, as they are asked for: `channel,device`."""
    return ",".join(values)


def segment(values: Mapping[str, str | None]) -> str:
    """A segment as people see it: `email`, `(none)`, `email, mobile`."""
    return ", ".join(words(values))


def _record(counts: Counts, hidden: frozenset[str]) -> dict[str, Any]:
    stages = [{name: value for name, value in asdict(stage).items() if name not in hidden} for stage in counts.stages]
    return asdict(counts) | {"stages": stages}


def _values(stage: StageCounts, columns: Iterable[str]) -> tuple[Scalar, ...]:
    return tuple(getattr(stage, name) for name in columns)


def _kind(name: str) -> Kind:
    if name in _TEXT:
        return "text"
    if name in _FLAG:
        return "flag"
    if name in _COUNTS:
        return "count"
    return "seconds" if name.endswith("_seconds") else "rate"


def _stages(counts: Counts) -> Section:
    is_open = any(stage.continued is not None for stage in counts.stages)
    columns = STAGE_COLUMNS if not is_open else (*STAGE_COLUMNS[:-1], Column("Entered here", "count", 3))
    rows = []
    before = counts.stages[0]
    for stage in counts.stages:
        rows.append(_row(stage, before, is_open=is_open))
        if not stage.optional:
            before = stage
    return Section("", columns, tuple(rows))


def _row(stage: StageCounts, before: StageCounts, *, is_open: bool) -> tuple[Cell, ...]:
    bar = None
    if stage.conversion_rate is not None:
        bar = (stage.conversion_rate, max(stage.conversion_rate, before.conversion_rate or 0.0))
    drop_off = None if stage.dropped is None or stage.open is None else stage.dropped + stage.open
    first = stage.position == 1 and not is_open
    return (
        f"{stage.stage} (optional)" if stage.optional else stage.stage,
        stage.reached,
        stage.conversion_rate,
        bar,
        None if first else _interval(stage.conversion_rate_low, stage.conversion_rate_high),
        stage.stage_rate,
        drop_off,
        stage.open,
        stage.entered_here if is_open else stage.median_seconds,
    )


def _interval(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)


def _breakdowns(segments: Iterable[Segment]) -> Iterable[Section]:
    """One section per breakdown: a line per segment, with the share of its entrants that reached each later stage."""
    for columns, parts in groupby(segments, key=lambda part: tuple(part.segment)):
        members = list(parts)
        later = members[0].counts.stages[1:]
        heading = " and ".join(columns)
        yield Section(
            f"By {heading}",
            (
                Column(heading, "text"),
                Column("Entered", "count"),
                # The last stage is what a person looks for, then the ones nearest to it.
                *(Column(stage.stage, "rate", len(later) - index) for index, stage in enumerate(later, start=1)),
                Column("95 % interval", "interval", 1),
                Column("Median time", "seconds", 2),
            ),
            tuple(_segment_row(part) for part in members),
        )


def _segment_row(part: Segment) -> tuple[Cell, ...]:
    counts = part.counts
    last = next(stage for stage in reversed(counts.stages) if not stage.optional)
    return (
        segment(part.segment),
        counts.entered,
        *(stage.conversion_rate for stage in counts.stages[1:]),
        _interval(last.conversion_rate_low, last.conversion_rate_high),
        counts.median_seconds_to_convert,
    )


def _summary(counts: Counts, what: str) -> Iterable[str]:
    last = next(stage for stage in reversed(counts.stages) if not stage.optional)
    what = f" {what}" if what else ""
    excluded = f" {display.count(counts.excluded)} were taken out by an exclusion." if counts.excluded else ""
    if not counts.entered:
        yield f"Nobody entered.{excluded}"
        return
    limits = display.interval(_interval(last.conversion_rate_low, last.conversion_rate_high))
    yield (
        f"{display.count(counts.entered)}{what} entered, {display.count(counts.converted)} converted"
        f" ({display.rate(counts.conversion_rate)}, 95 % interval {limits});"
        f" {display.count(counts.dropped)} dropped, {display.count(counts.open)} still open.{excluded}"
    )
    if counts.median_seconds_to_convert is not None:
        yield (
            f"From entering to converting: median {display.seconds(counts.median_seconds_to_convert)},"
            f" mean {display.seconds(counts.mean_seconds_to_convert)},"
            f" nine in ten within {display.seconds(counts.p90_seconds_to_convert)}."
        )


def _notes(report: Conversion) -> Iterable[str]:
    """What a person must know of units whose window is not over, and of what does not add up."""
    counts, funnel = report.whole, report.head.funnel
    if counts.open:
        estimate = (
            f"; the Kaplan–Meier estimate for all is {display.rate(counts.estimated_conversion_rate)}"
            if counts.estimated_conversion_rate is not None
            else ""
        )
        yield (
            f"{display.count(counts.open)} of {display.count(counts.entered)} are still open: their window is not over"
            f" at the end of the data. Of those whose window is over {display.rate(counts.mature_conversion_rate)}"
            f" converted{estimate}."
        )
    if funnel.segment_from == "any" and report.segments:
        yield (
            "A unit counts in every segment that its journey has a value of,"
            " so the segments do not add up to the whole."
        )
