"""The comparison as a table: of each breakdown, or of the two periods, the rates side by side and then every
comparison; last, where the differences come from.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from itertools import groupby
from typing import TYPE_CHECKING, Any

from funnelcli.reports.comparing import Comparison, tested
from funnelcli.reports.decomposition import together
from funnelcli.tables.comparing import notes, summary
from funnelcli.tables.frame import opening
from funnelcli.tables.parts import breakdown, counts_record, interval, segment, segment_record, stage_heading
from funnelcli.tables.table import Cell, Column, Kind, Scalar, Section, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from funnelcli.reports.compare import Compare, Family

MOST = 24
"""How many comparisons of a family a terminal shows."""

_KINDS: dict[str, Kind] = {
    "stage": "text",
    "baseline": "text",
    "rate": "rate",
    "baseline_rate": "rate",
    "difference": "points",
    "difference_low": "points",
    "difference_high": "points",
    "ratio": "number",
    "p_value": "p",
    "p_adjusted": "p",
    "test": "text",
    "significant": "flag",
    "enough_data": "flag",
    "count": "count",
    "of": "count",
    "baseline_count": "count",
    "baseline_of": "count",
    "detectable_difference": "points",
}
FIELDS: tuple[tuple[str, Kind], ...] = (
    ("breakdown", "text"),
    ("segment", "text"),
    *((each.name, _KINDS[each.name]) for each in fields(Comparison) if each.name != "segment"),
)
"""The columns of the row formats: a row per comparison."""


def table(report: Compare) -> Table:
    """The comparison, ready for every format."""
    return Table(
        title=report.head.funnel.name,
        record=_record(report),
        fields=FIELDS,
        rows=tuple(_values(each) for each in report.comparisons),
        sections=tuple(_sections(report)),
        summary=tuple(summary(report)),
        notes=tuple(notes(report)),
    )


def _record(report: Compare) -> dict[str, Any]:
    """The report as JSON tells it."""
    funnel = report.head.funnel
    record = opening(report.head) | {"rates": report.rates, "adjust": report.adjust}
    if report.cohorts:
        record["periods"] = [
            {
                "period": cohort.period.label,
                "since": cohort.period.since,
                "until": cohort.period.until,
                "left_out": cohort.left_out,
            }
            for cohort in report.cohorts
        ]
    return record | {
        "segments": [
            segment_record(part) | counts_record(part.counts, funnel)
            for family in report.families
            for part in family.segments
        ],
        "comparisons": [asdict(each) for each in report.comparisons],
        "families": [
            {"breakdown": list(family.breakdown) or None, "tests": tested(family.comparisons)}
            for family in report.families
        ],
        "decomposition": [asdict(part) for family in report.families for part in family.decomposition],
        "simpson": report.simpson,
        "detectable_difference": report.detectable_difference,
        "split": None
        if report.split is None
        else {
            "expected": [{"segment": dict(values), "share": share} for values, share in report.split.expected],
            "observed": [{"segment": dict(values), "count": count} for values, count in report.split.observed],
            "p_value": report.split.p_value,
        },
    }


def _values(each: Comparison) -> tuple[Scalar, ...]:
    """A comparison as a row, with the words people see for its segments; no baseline is all others."""
    words = {
        "breakdown": breakdown(each.segment),
        "segment": segment(each.segment),
        "baseline": None if each.baseline is None else segment(each.baseline),
    }
    return tuple(words[name] if name in words else getattr(each, name) for name, _ in FIELDS)


def _sections(report: Compare) -> Iterable[Section]:
    """Of each family the rates and the comparisons, then where differences come from."""
    for family in report.families:
        yield _side_by_side(family, report)
        if family.comparisons:
            yield _compared(family, report)
        if family.decomposition:
            yield _mix_and_rates(family, report) if family.decomposition[0].stage is None else _stages(family, report)


def _heading(family: Family, report: Compare) -> str:
    """What stands over the segments of a family."""
    columns = ("period", *family.breakdown) if report.cohorts else family.breakdown
    return " and ".join(columns)


def _side_by_side(family: Family, report: Compare) -> Section:
    """A line per segment, with its rates at each stage that is compared."""
    heading, of_entered = _heading(family, report), report.rates == "entered"
    stages = family.segments[0].counts.stages[1:] if family.segments else ()
    last = report.last.stage
    return Section(
        f"By {heading}, {'shares of entered' if of_entered else 'shares of the stage before'}",
        (
            Column(heading, "text"),
            Column("Entered", "count"),
            *(
                Column(stage_heading(stage), "rate", 1 if stage.stage == last else 1 + len(stages) - index)
                for index, stage in enumerate(stages)
            ),
        ),
        tuple(
            (
                segment(part.segment),
                part.counts.entered,
                *(stage.conversion_rate if of_entered else stage.stage_rate for stage in part.counts.stages[1:]),
            )
            for part in family.segments
        ),
        MOST,
    )


def _compared(family: Family, report: Compare) -> Section:
    """A line per comparison, those of the last stage first: a person looks for these."""
    by_period = bool(report.cohorts)
    against = segment(family.baseline) if family.baseline is not None else "Others"
    own = str(family.comparisons[0].segment["period"]) if by_period else "Rate"
    named = not by_period or bool(family.breakdown)
    lines = [list(each) for _, each in groupby(family.comparisons, key=lambda each: each.stage)]
    ordered = [each for line in reversed(lines) for each in line]
    return Section(
        f"{own} against {against}" if by_period else f"Each against {against if family.baseline else 'all others'}",
        (
            Column("Stage", "text"),
            *([Column(" and ".join(family.breakdown), "text")] if named else []),
            Column(own, "rate", 2),
            Column(against, "rate", 2),
            Column("Difference", "points"),
            Column("95 % interval", "points_interval"),
            Column("Ratio", "number", 4),
            Column("p" if report.adjust == "none" else "p adjusted", "p"),
            Column("Enough data", "flag", 3),
        ),
        tuple(
            (
                each.stage,
                *([_name(each, family)] if named else []),
                each.rate,
                each.baseline_rate,
                each.difference,
                _limits(each),
                each.ratio,
                each.p_adjusted,
                each.enough_data,
            )
            for each in ordered
        ),
        MOST,
    )


def _name(each: Comparison, family: Family) -> str:
    """The segment without its period."""
    return segment({column: each.segment[column] for column in family.breakdown})


def _limits(each: Comparison) -> tuple[float, float] | None:
    return interval(each.difference_low, each.difference_high)


def _stages(family: Family, report: Compare) -> Section:
    """The stages' parts of the difference in conversion: a line per segment, of periods one for the totals."""
    names = list(dict.fromkeys(part.stage or "" for part in family.decomposition))
    rows: list[tuple[Cell, ...]] = []
    for at in range(0, len(family.decomposition), len(names)):
        parts = family.decomposition[at : at + len(names)]
        whole = together(parts)
        who = segment(parts[0].segment) if parts[0].segment is not None else "All"
        rows.append((who, *(part.difference for part in parts), whole))
    heading = "" if report.cohorts else " and ".join(family.breakdown)
    return Section(
        "Why the total moved, by stage" if report.cohorts else f"Where {report.last.stage} differs, by stage",
        (
            Column(heading, "text"),
            *(Column(name, "points", len(names) - at) for at, name in enumerate(names)),
            Column("Together", "points"),
        ),
        tuple(rows),
        MOST,
    )


def _mix_and_rates(family: Family, report: Compare) -> Section:
    """Each segment's part of the difference: by its share of who entered, and by its own rate."""
    parts = family.decomposition
    sums = (together(parts[::2]), together(parts[1::2]), together(parts))
    rows: list[tuple[Cell, ...]] = [("All", 1.0, 1.0, *sums)]
    totals = [sum(part.counts.entered for part in family.segments[side::2]) for side in (0, 1)]
    for at in range(0, len(family.segments), 2):
        mix, rate = parts[at : at + 2]
        pair = family.segments[at : at + 2]
        shares = [part.counts.entered / total for part, total in zip(pair, totals, strict=True)]
        rows.append((segment(mix.segment or {}), *shares, mix.difference, rate.difference, together([mix, rate])))
    earlier, later = (cohort.period.label for cohort in report.cohorts)
    return Section(
        f"Why the total moved, by {' and '.join(family.breakdown)}",
        (
            Column(" and ".join(family.breakdown), "text"),
            Column(f"Share in {earlier}", "rate", 2),
            Column(f"Share in {later}", "rate", 2),
            Column("By its share (mix)", "points"),
            Column("By its rate", "points"),
            Column("Together", "points"),
        ),
        tuple(rows),
        1 + MOST,
    )
