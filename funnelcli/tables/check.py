"""The check report as a table: one line per check, with what it found and against which limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelcli import display
from funnelcli.config.times import zone
from funnelcli.reports.counting import rate
from funnelcli.reports.targets import ENOUGH
from funnelcli.tables.frame import how_counted, opening
from funnelcli.tables.table import Column, Kind, Section, Table

if TYPE_CHECKING:
    from datetime import tzinfo

    from funnelcli.reports.check import Checks, Cohort, Result

FIELDS: tuple[tuple[str, Kind], ...] = (
    ("check", "text"),
    ("value", "number"),
    ("limit", "number"),
    ("passed", "flag"),
    ("reason", "text"),
)


def table(report: Checks) -> Table:
    """The checks, ready for every format."""
    there = zone(report.head.funnel.timezone)
    rows = tuple((each.check.name, each.value, each.limit, each.passed, reason(each, there)) for each in report.results)
    names = [name for name, _ in FIELDS]
    return Table(
        title=report.head.funnel.name,
        record=opening(report.head)
        | {"passed": report.passed, "checks": [dict(zip(names, row, strict=True)) for row in rows]},
        fields=FIELDS,
        rows=rows,
        sections=(
            Section(
                "",
                (Column("Check", "text"), Column("Result", "text"), Column("Why", "text")),
                tuple((name, "passed" if passed else "FAILED", why) for name, _, _, passed, why in rows),
            ),
        ),
        summary=(_summary(report),),
        notes=(how_counted(report.head),),
    )


def failures(report: Checks) -> list[str]:
    """One sentence for each check that failed."""
    there = zone(report.head.funnel.timezone)
    return [
        f"{report.head.funnel.name}: {each.check.name}: {reason(each, there)}"
        for each in report.results
        if not each.passed
    ]


def reason(result: Result, there: tzinfo) -> str:
    """What was found, and the limit that it was held against; times as people in the zone `there` write them."""
    check = result.check
    if check.fall is not None:
        return _fall(result, check.fall, there)
    what = check.get
    if what is None:
        what = "the age of the last row" if check.fresh is not None else "the share of rows that could not be counted"
    found = "unknown" if result.value is None else _said(result.kind, result.value)
    return f"{what} is {found}; it must be {_sign(result)} {_said(result.kind, result.limit)}"


def _said(kind: Kind, value: float) -> str:
    """A value or a limit in words; a limit may be one that the number never comes to."""
    if kind == "rate" and not 0 <= value <= 1:
        return f"{display.number(value * 100)} %"
    if abs(value) >= 1e15 or (kind == "seconds" and value < 0):
        return f"{value:g}{' s' if kind == 'seconds' else ''}"
    return display.words(kind, value)


def _sign(result: Result) -> str:
    return "at least" if result.check.min is not None and result.limit == result.check.min else "at most"


def _fall(result: Result, stage: str, there: tzinfo) -> str:
    if not result.cohorts:
        return f"{stage}: the data do not go back two complete periods of {result.check.every}"
    before, last = result.cohorts
    said = f"{stage}: {_rate(last, there)}, against {_rate(before, there)}"
    if result.value is None:
        return f"{said}; there is nothing to compare"
    few = "" if min(before.entered, last.entered) >= ENOUGH else ", too few to say much"
    if last.reached * before.entered >= before.reached * last.entered:
        return f"{said}; it has not fallen{few}"
    level = f"{'under' if not result.passed else 'not under'} {result.limit}"
    return f"{said}; chance alone brings such a fall with p {display.words('p', result.value)}, {level}{few}"


def _rate(cohort: Cohort, there: tzinfo) -> str:
    since = f"from {display.time(cohort.start, there)}"
    if not cohort.entered:
        return f"nobody entered {since}"
    share = display.rate(rate(cohort.reached, cohort.entered))
    return f"{share} of the {display.count(cohort.entered)} who entered {since}"


def _summary(report: Checks) -> str:
    failed = sum(not result.passed for result in report.results)
    if not failed:
        every = len(report.results)
        return f"All {every} checks passed." if every > 1 else "The check passed."
    return f"{failed} of {len(report.results)} checks failed." if len(report.results) > 1 else "The check failed."
