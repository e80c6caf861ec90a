"""The conversion report as a table: the stages, then the segments of each breakdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from funnelcli import display
from funnelcli.tables.frame import how_counted, opening
from funnelcli.tables.parts import (
    breakdown,
    counts_record,
    interval,
    last_required,
    segment,
    segment_record,
    stage_fields,
    stage_heading,
    stage_kind,
    still_open,
)
from funnelcli.tables.table import Cell, Column, Kind, Scalar, Section, Table

if TYPE_CHECKING:
    from funnelcli.reports.conversion import Conversion
    from funnelcli.reports.counts import Counts, Segment, StageCounts

STAGE_COLUMNS = (
    Column("Stage", "text"),
    Column("Reached", "count"),
    Column("Of entered", "rate"),
    Column("", "bar", 4),
    Column("95 % interval", "interval", 5),
    Column("Of stage before", "rate", 1),
    Column("Drop off", "count", 2),
    Column("Still open", "count", 6),
    Column("Stage time", "seconds", 3),
)


def table(report: Conversion) -> Table:
    """The conversion report, ready for every format."""
    whole = report.whole
    funnel = report.head.funnel
    by_segment = bool(funnel.breakdowns)
    record = opening(report.head) | counts_record(whole, funnel)
    if by_segment:
        record["segments"] = [segment_record(part) | counts_record(part.counts, funnel) for part in report.segments]
    if report.presets:
        return _presets(report, record)
    names: list[tuple[str, Kind]] = [("breakdown", "text"), ("segment", "text")] if by_segment else []
    blank: tuple[Scalar, ...] = (None, None) if by_segment else ()
    columns = stage_fields(funnel)
    return Table(
        title=funnel.name,
        record=record,
        fields=(*names, *((name, stage_kind(name)) for name in columns)),
        rows=(
            *((*blank, *_values(stage, columns)) for stage in whole.stages),
            *(
                (breakdown(part.segment), segment(part.segment), *_values(stage, columns))
                for part in report.segments
                for stage in part.counts.stages
            ),
        ),
        sections=(_stages(whole), *_breakdowns(report.segments)),
        summary=tuple(_summary(report)),
        notes=(*_notes(report), how_counted(report.head)),
    )


def _presets(report: Conversion, record: dict[str, Any]) -> Table:
    """One line per preset of meaning, so that a person sees how much of a difference is definition."""
    record["semantics"] = [asdict(preset) for preset in report.presets]
    rows = tuple((preset.preset, preset.entered, preset.converted, preset.conversion_rate) for preset in report.presets)
    columns = (
        Column("Semantics", "text"),
        Column("Entered", "count"),
        Column("Converted", "count"),
        Column("Of entered", "rate"),
    )
    return Table(
        title=report.head.funnel.name,
        record=record,
        fields=(("preset", "text"), ("entered", "count"), ("converted", "count"), ("conversion_rate", "rate")),
        rows=rows,
        sections=(Section("", columns, rows),),
        summary=("The same logs, counted as each product defines a funnel.",),
        notes=(f"{how_counted(report.head)} That is {report.presets[0].preset}; the others set keys of their own.",),
    )


def _values(stage: StageCounts, columns: Iterable[str]) -> tuple[Scalar, ...]:
    return tuple(getattr(stage, name) for name in columns)


def _stages(counts: Counts) -> Section:
    is_open = _is_open(counts.stages)
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
        stage_heading(stage),
        stage.reached,
        stage.conversion_rate,
        bar,
        None if first else interval(stage.conversion_rate_low, stage.conversion_rate_high),
        stage.stage_rate,
        drop_off,
        stage.open,
        stage.entered_here if is_open else stage.median_seconds,
    )


def _breakdowns(segments: Iterable[Segment]) -> Iterable[Section]:
    """One section per breakdown: a line per segment, with the share of its entrants that reached each later stage."""
    for columns, parts in groupby(segments, key=lambda part: tuple(part.segment)):
        members = list(parts)
        stages = members[0].counts.stages
        is_open = _is_open(stages)
        shown = stages if is_open else stages[1:]
        excluded = any(part.counts.excluded for part in members)
        heading = " and ".join(columns)
        yield Section(
            f"By {heading}, shares of entered",
            (
                Column(heading, "text"),
                Column("Entered", "count"),
                # The last stage is what a person looks for, then the ones nearest to it.
                *(
                    Column(stage_heading(stage), "rate", len(shown) - index)
                    for index, stage in enumerate(shown, start=1)
                ),
                Column(f"95 % interval of {last_required(stages).stage}", "interval", 1),
                *([] if is_open else [Column("Time to convert", "seconds", 2)]),
                *([Column("Excluded", "count", 1)] if excluded else []),
            ),
            tuple(_segment_row(part, is_open=is_open, excluded=excluded) for part in members),
        )


def _segment_row(part: Segment, *, is_open: bool, excluded: bool) -> tuple[Cell, ...]:
    counts = part.counts
    last = last_required(counts.stages)
    return (
        segment(part.segment),
        counts.entered,
        *(stage.conversion_rate for stage in (counts.stages if is_open else counts.stages[1:])),
        interval(last.conversion_rate_low, last.conversion_rate_high),
        *([] if is_open else [counts.median_seconds_to_convert]),
        *([counts.excluded] if excluded else []),
    )


def _is_open(stages: Sequence[StageCounts]) -> bool:
    return any(stage.continued is not None for stage in stages)


def _summary(report: Conversion) -> Iterable[str]:
    counts, funnel = report.whole, report.head.funnel
    last = last_required(counts.stages)
    what = "attempts" if funnel.count == "attempts" else "sessions" if funnel.session is not None else ""
    what = f" {what if counts.entered != 1 else what.removesuffix('s')}" if what else ""
    were = "was" if counts.excluded == 1 else "were"
    excluded = f" {display.count(counts.excluded)} {were} taken out by an exclusion." if counts.excluded else ""
    if not counts.entered:
        first, end = report.head.first_time, report.head.last_time
        times = f"; the logs go from {display.time(first)} to {display.time(end)} UTC" if first and end else ""
        yield f"Nobody entered{times}.{excluded}"
        return
    limits = display.interval(interval(last.conversion_rate_low, last.conversion_rate_high))
    estimate = ""
    if counts.open and counts.estimated_conversion_rate is not None:
        estimate = f"; estimated {display.rate(counts.estimated_conversion_rate)} when all windows are over"
    yield (
        f"{display.count(counts.entered)}{what} entered, {display.count(counts.converted)} converted"
        f" ({display.rate(counts.conversion_rate)}, 95 % interval {limits}{estimate});"
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
    yield from still_open(counts)
    if funnel.segment_from == "any" and report.segments:
        yield (
            "A unit counts in every segment that its journey has a value of,"
            " so the segments do not add up to the whole."
        )
