"""The timing report as a table: the times of each stage, the histogram of the whole way, when those who will convert
have done so, and the segments of each breakdown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from itertools import groupby
from typing import TYPE_CHECKING, Any

from funnelcli import display
from funnelcli.reports.comparing import LEVEL
from funnelcli.reports.counting import rate
from funnelcli.reports.survival import MOST_GROUPS
from funnelcli.reports.timing import StageTimes
from funnelcli.tables.frame import how_counted, opening
from funnelcli.tables.parts import breakdown, segment, segment_record, stage_heading, stage_kind, still_open
from funnelcli.tables.table import Cell, Column, Kind, Scalar, Section, Table

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.reports.timing import LogRank, Segment, Times, Timing

COLUMNS = (
    Column("Stage", "text"),
    Column("From", "text"),
    Column("Reached", "count"),
    Column("Median", "seconds"),
    Column("Mean", "seconds", 2),
    Column("p25", "seconds", 4),
    Column("p75", "seconds", 3),
    Column("p90", "seconds", 1),
    Column("p95", "seconds", 3),
)

NAMES = [each.name for each in fields(StageTimes) if each.name != "histogram"]
"""The keys of a stage, in their order, that are one value."""

_COUNTS = ("entered", "converted", "dropped", "open", "excluded", "conversion_rate", "mature_conversion_rate",
           "estimated_conversion_rate")  # fmt: skip


def table(report: Timing) -> Table:
    """The timing report, ready for every format."""
    by_segment = bool(report.head.funnel.breakdowns)
    names: list[tuple[str, Kind]] = [("breakdown", "text"), ("segment", "text")] if by_segment else []
    blank: tuple[Scalar, ...] = (None, None) if by_segment else ()
    return Table(
        title=report.head.funnel.name,
        record=opening(report.head) | _record(report),
        fields=(*names, ("overall", "flag"), *((name, _kind(name)) for name in NAMES)),
        rows=(
            *((*blank, *row) for row in _rows(report.whole)),
            *(
                (breakdown(part.segment), segment(part.segment), *row)
                for part in report.segments
                for row in _rows(part.times)
            ),
        ),
        sections=(*_whole(report.whole), *_breakdowns(report.segments)),
        summary=tuple(_summary(report)),
        notes=(*_notes(report), how_counted(report.head)),
    )


def _kind(name: str) -> Kind:
    return "text" if name == "from_stage" else "count" if name == "count" else stage_kind(name)


# --- As JSON and as rows --------------------------------------------------------------------------------------


def _record(report: Timing) -> dict[str, Any]:
    tests = [{"breakdown": ",".join(test.breakdown), "p_value": test.p_value} for test in report.log_ranks]
    record = _times_record(report.whole) | {
        "log_rank_p_value": report.log_ranks[0].p_value if report.log_ranks else None,
        "log_rank": tests,
    }
    if report.log_ranks:
        record["segments"] = [segment_record(part) | _times_record(part.times) for part in report.segments]
    return record


def _times_record(times: Times) -> dict[str, Any]:
    return {
        **{name: getattr(times.counts, name) for name in _COUNTS},
        "half_converted_seconds": times.curve.half_seconds,
        "followed_seconds": times.curve.followed_seconds,
        "overall": _stage_record(times.overall),
        "stages": [_stage_record(stage) for stage in times.stages],
        "milestones": [asdict(milestone) for milestone in times.curve.milestones],
        "curve": [asdict(point) for point in times.curve.points],
    }


def _stage_record(stage: StageTimes) -> dict[str, Any]:
    return asdict(stage) | {"histogram": [asdict(each) for each in stage.histogram]}


def _rows(times: Times) -> Iterable[tuple[Scalar, ...]]:
    for stage in times.stages:
        yield (False, *(getattr(stage, name) for name in NAMES))
    yield (True, *(getattr(times.overall, name) for name in NAMES))


# --- For a person ---------------------------------------------------------------------------------------------


def _whole(times: Times) -> Iterable[Section]:
    lines = [(stage_heading(stage), stage) for stage in times.stages]
    if len(lines) > 1:
        lines.append(("Overall", times.overall))
    yield Section("", COLUMNS, tuple(_line(heading, stage) for heading, stage in lines))
    way = f"from {times.overall.from_stage} to {times.overall.stage}"
    bins = times.overall.histogram
    if bins:
        yield Section(
            f"How long it took {way}",
            (
                Column("From", "seconds"),
                Column("To", "seconds"),
                Column("Count", "count"),
                Column("Share", "rate"),
                Column("", "bar", 1),
            ),
            tuple((each.low, each.high, each.count, *[rate(each.count, times.overall.count)] * 2) for each in bins),
        )
        yield Section(
            "How soon those who will convert have done so (Kaplan–Meier)",
            (
                Column("Of those who will", "rate"),
                Column("Of all who enter", "rate", 1),
                Column("After", "seconds"),
            ),
            tuple((each.share, each.converted, each.seconds) for each in times.curve.milestones),
        )


def _line(heading: str, stage: StageTimes) -> tuple[Cell, ...]:
    return (
        heading,
        stage.from_stage,
        stage.count,
        stage.median_seconds,
        stage.mean_seconds,
        stage.p25_seconds,
        stage.p75_seconds,
        stage.p90_seconds,
        stage.p95_seconds,
    )


def _breakdowns(segments: Iterable[Segment]) -> Iterable[Section]:
    """One section per breakdown: a line per segment, with its times from entering to converting."""
    for columns, parts in groupby(segments, key=lambda part: tuple(part.segment)):
        heading = " and ".join(columns)
        yield Section(
            f"By {heading}, from entering to converting",
            (
                Column(heading, "text"),
                Column("Entered", "count", 5),
                Column("Converted", "count"),
                Column("Median", "seconds"),
                Column("Mean", "seconds", 3),
                Column("p90", "seconds", 1),
                Column("Half of those who will", "seconds", 2),
                Column("Will convert", "rate", 4),
            ),
            tuple(_segment_row(part) for part in parts),
        )


def _segment_row(part: Segment) -> tuple[Cell, ...]:
    times = part.times
    return (
        segment(part.segment),
        times.counts.entered,
        times.overall.count,
        times.overall.median_seconds,
        times.overall.mean_seconds,
        times.overall.p90_seconds,
        times.curve.half_seconds,
        times.curve.points[-1].converted if times.curve.points else None,
    )


def _summary(report: Timing) -> Iterable[str]:
    times, counts = report.whole, report.whole.counts
    if not counts.entered:
        yield "Nobody entered."
        return
    yield (
        f"{display.count(counts.entered)} entered, {display.count(counts.converted)} converted;"
        f" {display.count(counts.dropped)} dropped, {display.count(counts.open)} still open."
    )
    if times.curve.half_seconds is not None:
        last = times.curve.points[-1]
        within = f"within {display.seconds(last.seconds)}"
        if report.head.funnel.window is None:
            within += ", as long as anybody was followed"
        elif not last.at_risk and last.converted < 1:
            within = f"within {display.seconds(times.curve.followed_seconds)}; nobody was followed for longer yet"
        yield (
            f"Of all who enter, {display.rate(last.converted)} convert {within} (Kaplan–Meier)."
            f" Half of those who will convert have done so after {display.seconds(times.curve.half_seconds)}."
        )
    yield from (_said(test) for test in report.log_ranks if test.p_value is not None)


def _said(test: LogRank) -> str:
    differ = test.p_value is not None and test.p_value < LEVEL
    words = "differ" if differ else "show no difference that is more than chance"
    return (
        f"The segments of {' and '.join(test.breakdown)} {words} in how many convert and how soon: log-rank test,"
        f" p {display.p_value(test.p_value)}."
    )


def _notes(report: Timing) -> Iterable[str]:
    funnel = report.head.funnel
    yield from still_open(report.whole.counts)
    if report.whole.overall.count:
        yield (
            "Times are of who reached the stage. Who is still on the way may take longer: the Kaplan–Meier curve allows"
            " for that, and takes who has not converted as followed to the end of the data"
            + (
                "; without a window that is so for everybody, and the end of the curve rests on the few who were"
                " followed longest."
                if funnel.window is None
                else " or of the window."
            )
        )
    if any(test.p_value is not None for test in report.log_ranks):
        yield " ".join(_of_tests(funnel))
    if funnel.segment_from == "any" and report.segments:
        yield (
            "A unit counts in every segment that its journey has a value of, so the segments do not add up to the"
            " whole, and no log-rank test compares them."
        )
    for test in report.log_ranks:
        if test.segments > MOST_GROUPS and funnel.segment_from != "any":
            yield (
                f"No log-rank test compares the {display.count(test.segments)} segments of"
                f" {' and '.join(test.breakdown)}: it takes at most {MOST_GROUPS}; --top pools the smaller ones."
            )


def _of_tests(funnel: Funnel) -> Iterable[str]:
    """What a person must know of the log-rank tests."""
    yield "A log-rank test compares all segments of a breakdown at once; its p is not adjusted for other tests."
    if funnel.count == "attempts":
        yield "Attempts of one unit are not independent of each other, which makes p too small."
    if funnel.segment_from != "entry":
        yield (
            "Segments are read on later rows than the entry, so who got further had more to be read:"
            " that too can make segments differ."
        )
