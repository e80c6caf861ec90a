"""The bottlenecks as a table: the ranked stages, and under them why the first of them stand there."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from funnelcli import display
from funnelcli.reports.targets import ENOUGH
from funnelcli.tables.frame import how_counted, opening
from funnelcli.tables.parts import breakdown, segment, still_open
from funnelcli.tables.table import Cell, Column, Kind, Scalar, Section, Table
from funnelcli.tables.why import period, reason, way

if TYPE_CHECKING:
    from collections.abc import Iterable

    from funnelcli.reports.bottlenecks import Bottleneck, Bottlenecks, Measure

SHOWN, EXPLAINED = 20, 5
"""How many rows a terminal shows, and how many of them are explained there."""

FIELDS: tuple[tuple[str, Kind], ...] = (
    ("rank", "count"),
    ("stage", "text"),
    ("from_stage", "text"),
    ("measure", "text"),
    ("score", "number"),
    ("dropped", "count"),
    ("drop_off_rate", "rate"),
    ("extra_conversions", "estimate"),
    ("extra_conversions_low", "estimate"),
    ("extra_conversions_high", "estimate"),
    ("extra_value", "estimate"),
    ("target_rate", "rate"),
    ("target_from", "text"),
    ("p_adjusted", "p"),
    ("reason", "text"),
    ("position", "count"),
    ("reached_before", "count"),
    ("reached", "count"),
    ("open", "count"),
    ("stage_rate", "rate"),
    ("median_seconds", "seconds"),
    ("target_segment", "text"),
    ("target_period", "text"),
    ("best_of", "count"),
    ("is_best", "flag"),
    ("rest_rate", "rate"),
    ("later_rate", "rate"),
    ("later_from_whole", "flag"),
)

_RANKED: dict[Measure, str] = {
    "gain": "Ranked by gain: how many more would convert if the stage reached its target rate and the later stages"
    " stayed as they are.",
    "lost": "Ranked by lost: how many dropped between the two stages.",
    "rate": "Ranked by rate: the share that did not go on from the stage before.",
    "slow": "Ranked by slow: the median time from the stage before.",
}


def table(report: Bottlenecks) -> Table:
    """The bottlenecks, ready for every format."""
    records = [_record(row, report) for row in report.rows]
    columns = report.head.funnel.breakdowns
    names: list[tuple[str, Kind]] = [("breakdown", "text"), ("segment", "text")] if columns else []
    return Table(
        title=report.head.funnel.name,
        record=opening(report.head)
        | {
            "bottlenecks": records,
            "families": [
                {"breakdown": list(family.breakdown) or None, "tests": family.tests} for family in report.families
            ],
        },
        fields=(*names, *FIELDS),
        rows=tuple(_values(row, record) for row, record in zip(report.rows, records, strict=True)),
        sections=(_ranked(report), _explained(report)) if report.rows else (),
        summary=(_summary(report),),
        notes=(*still_open(report.whole), *_notes(report), how_counted(report.head)),
    )


def _summary(report: Bottlenecks) -> str:
    counts = report.whole
    if not counts.entered:
        return "Nobody entered."
    return (
        f"{display.count(counts.entered)} entered, {display.count(counts.converted)} converted"
        f" ({display.rate(counts.conversion_rate)}). {_RANKED[report.measure]}"
    )


def _explained(report: Bottlenecks) -> Section:
    rows = tuple((row.rank, reason(row, report)) for row in report.rows[:EXPLAINED])
    return Section("", (Column("Rank", "count"), Column("Why", "text")), rows)


def _record(row: Bottleneck, report: Bottlenecks) -> dict[str, Any]:
    """The row as JSON tells it; the reason stands last of the keys that every row has had from the first."""
    found: dict[str, Any] = {}
    for name, value in asdict(row).items():
        found[name] = value
        if name == "p_adjusted":
            found["reason"] = reason(row, report)
    return found


def _values(row: Bottleneck, record: dict[str, Any]) -> tuple[Scalar, ...]:
    words = record | {"target_segment": None if row.target_segment is None else segment(row.target_segment)}
    own = () if row.segment is None else (breakdown(row.segment), segment(row.segment))
    return (*own, *(words[name] for name, _ in FIELDS))


def _ranked(report: Bottlenecks) -> Section:
    """A line per row: what it is ranked by first, then what a narrow terminal may leave out."""
    funnel = report.head.funnel
    most = max((row.score for row in report.rows if row.score is not None), default=0)
    lines: list[tuple[Column, list[Cell]]] = [
        (Column("Rank", "count"), [row.rank for row in report.rows]),
        (Column("Stage", "text"), [way(row) for row in report.rows]),
    ]
    if funnel.breakdowns:
        heading = " and ".join(funnel.breakdowns[0]) if len(funnel.breakdowns) == 1 else "Segment"
        lines.append((Column(heading, "text"), [_segment(row, report) for row in report.rows]))
    scores: dict[Measure, tuple[str, Kind]] = {
        "gain": ("Extra conversions", "estimate"),
        "lost": ("Dropped", "count"),
        "rate": ("Drop-off rate", "rate"),
        "slow": ("Stage time", "seconds"),
    }
    lines.append((Column(*scores[report.measure]), [row.score for row in report.rows]))
    lines.append(
        (Column("", "bar", 3), [None if row.score is None or not most else row.score / most for row in report.rows])
    )
    if funnel.start != "open":
        if report.measure != "gain":
            lines.append((Column("Extra conversions", "estimate", 2), [row.extra_conversions for row in report.rows]))
        # A target that is reached leaves nothing to gain, and no interval of it.
        gains = [row if row.extra_conversions else None for row in report.rows]
        lines += [
            (Column("95 % low", "estimate", 6), [None if row is None else row.extra_conversions_low for row in gains]),
            (
                Column("95 % high", "estimate", 6),
                [None if row is None else row.extra_conversions_high for row in gains],
            ),
        ]
        if funnel.value is not None:
            lines.append((Column("Extra value", "estimate", 2), [row.extra_value for row in report.rows]))
    lines += [
        (Column("Of stage before", "rate", 1), [row.stage_rate for row in report.rows]),
        (Column("Target", "rate", 2), [row.target_rate for row in report.rows]),
        (Column("Target of", "text", 7), [_target_of(row) for row in report.rows]),
        (Column("p", "p", 4), [row.p_adjusted for row in report.rows]),
    ]
    if report.measure != "lost":
        lines.append((Column("Dropped", "count", 5), [row.dropped for row in report.rows]))
    cells = tuple(zip(*(values for _, values in lines), strict=True))
    return Section("", tuple(column for column, _ in lines), cells, SHOWN)


def _segment(row: Bottleneck, report: Bottlenecks) -> str:
    """The segment, of several breakdowns with its column."""
    if row.segment is None:
        return ""
    name = segment(row.segment)
    return name if len(report.head.funnel.breakdowns) == 1 else f"{breakdown(row.segment)}: {name}"


def _target_of(row: Bottleneck) -> str | None:
    """Whose rate the target is."""
    if row.target_segment is not None:
        return segment(row.target_segment)
    return "the config" if row.target_from == "targets" else row.target_period


def _notes(report: Bottlenecks) -> Iterable[str]:
    """Where targets come from and what they suppose, how p was found, and what does not add up."""
    rows, funnel = report.rows, report.head.funnel
    if len(rows) < report.size:
        yield f"{display.count(report.size - len(rows))} more rows; a larger --top shows them."
    yield from _targets(report)
    if report.measure == "gain" and all(row.target_from == "period" and not row.extra_conversions for row in rows):
        yield (
            f"No {period(report.every)} did better than the whole: of a unit that enters several times the journey that"
            " gets furthest counts, and in the whole it has more time. Set targets in the config, split with --by, or"
            " rank with --measure lost."
        )
    if len(funnel.breakdowns) > 1 and any(row.extra_conversions for row in rows):
        yield "A unit has a segment in every breakdown, so gains of different ones do not add up."
    if report.whole.open and any(row.target_from == "period" for row in rows):
        yield "In the periods every window is over, in the whole not: --mature leaves out who is still open."
    if any(row.extra_conversions for row in rows):
        yield (
            "Extra conversions suppose that those who would then go on convert like those who go on now; their interval"
            " is of the stage's rate and its target alone."
        )
    if report.unreadable:
        yield (
            f"{display.count(report.unreadable)} of {display.count(report.whole.converted)} conversions have no number"
            f" in {funnel.value}; a conversion is worth the mean of the others."
        )
    yield from _families(report)
    if funnel.segment_from == "any" and funnel.breakdowns:
        yield "A unit counts in every segment that its journey has a value of, so segments overlap."
    elif funnel.segment_from != "entry" and funnel.breakdowns:
        yield "Segments are not read on entry, so how far a unit got may decide its segment: compare them with care."


def _targets(report: Bottlenecks) -> Iterable[str]:
    sources = {row.target_from for row in report.rows}
    if "targets" in sources:
        yield "Targets are the config's, where it sets one for the stage."
    chosen = []
    if "segment" in sources:
        chosen.append("the best segment of the breakdown")
    if "period" in sources:
        chosen.append(f"the best earlier whole {period(report.every)}")
    if chosen:
        first = "Elsewhere the" if "targets" in sources else "The"
        curse = any((row.best_of or 0) > 1 for row in report.rows)
        yield (
            f"{first} target is the stage rate of {' or '.join(chosen)}, of those"
            f" where at least {ENOUGH} reached the stage before"
            f"{'; the best of several looks better than it is, by chance alone' if curse else ''}."
        )


def _families(report: Bottlenecks) -> Iterable[str]:
    if report.head.funnel.breakdowns:
        tested = [
            f"{display.count(family.tests)} of {' and '.join(family.breakdown)}"
            for family in report.families
            if family.tests
        ]
        if tested:
            yield (
                "p: each segment's stage rate against that of all others of its breakdown (z, or Fisher's exact"
                f" test where an expected count is under 5), adjusted by Holm over the tests: {', '.join(tested)}."
            )
        return
    tests = sum(family.tests for family in report.families)
    if tests:
        sources = {row.target_from for row in report.rows}
        parts = []
        if "targets" in sources:
            parts.append("the stage rate against the config's target")
        if "period" in sources:
            every = period(report.every)
            parts.append(f"each earlier {every} against all other whole ones, as each might have been the best")
        yield f"p: {'; '.join(parts)}; adjusted by Holm over {display.count(tests)} {'tests' if tests > 1 else 'test'}."
