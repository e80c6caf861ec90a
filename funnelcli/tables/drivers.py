"""The drivers report as a table: a row per event and per value of a column, the strongest first."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from funnelcli import display
from funnelcli.reports.comparing import LEVEL
from funnelcli.reports.counts import named
from funnelcli.reports.drivers import LEAST_EXPECTED, MOST_EVENTS, MOST_VALUES
from funnelcli.reports.targets import ENOUGH
from funnelcli.tables.frame import how_counted, opening
from funnelcli.tables.table import Column, Kind, Scalar, Section, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from funnelcli.reports.drivers import Driver, Drivers

FIELDS: tuple[tuple[str, Kind], ...] = (
    ("kind", "text"),
    ("column", "text"),
    ("value", "text"),
    ("count", "count"),
    ("converted_with", "count"),
    ("rate_with", "rate"),
    ("count_without", "count"),
    ("converted_without", "count"),
    ("rate_without", "rate"),
    ("odds_ratio", "number"),
    ("odds_ratio_low", "number"),
    ("odds_ratio_high", "number"),
    ("phi", "number"),
    ("test", "text"),
    ("p_value", "p"),
    ("p_adjusted", "p"),
    ("significant", "flag"),
    ("flags", "text"),
)

ON_A_TERMINAL = 20
"""So many drivers a terminal shows."""

NAMED = 3
"""How many drivers a sentence names."""


def table(report: Drivers, top: int | None = None) -> Table:
    """The drivers, ready for every format; with `top` only so many."""
    shown = report.drivers[:top]
    return Table(
        title=report.head.funnel.name,
        record=opening(report.head)
        | {
            "from_stage": report.first.stage,
            "stage": report.last.stage,
            "reached": report.reached,
            "converted": report.converted,
            "dropped": report.dropped,
            "open": report.open,
            "adjust": report.adjust,
            "tested": report.tested,
            "drivers": [asdict(driver) | {"flags": list(driver.flags)} for driver in shown],
        },
        fields=FIELDS,
        rows=tuple(_row(driver) for driver in shown),
        sections=(_section(report, shown),) if shown else (),
        summary=tuple(_summary(report)),
        notes=(*_notes(report, len(shown)), how_counted(report.head)),
    )


def _row(driver: Driver) -> tuple[Scalar, ...]:
    values = asdict(driver) | {"flags": ",".join(driver.flags) or None}
    return tuple(values[name] for name, _ in FIELDS)


def _section(report: Drivers, shown: Sequence[Driver]) -> Section:
    return Section(
        f"Share that reached {report.last.stage}",
        (
            Column("Driver", "text"),
            Column("Have it", "count"),
            Column("With it", "rate"),
            Column("Without", "rate"),
            Column("Odds ratio", "number", 1),
            Column("95 % interval", "text", 3),
            Column("Phi", "number", 4),
            Column("p adjusted", "p"),
            Column("Flags", "text"),
        ),
        tuple(
            (
                name(driver),
                driver.count,
                driver.rate_with,
                driver.rate_without,
                driver.odds_ratio,
                _interval(driver),
                driver.phi,
                driver.p_adjusted,
                ", ".join(driver.flags) or None,
            )
            for driver in shown
        ),
        most=ON_A_TERMINAL,
    )


def name(driver: Driver) -> str:
    """A driver as people see it: `apply_coupon`, `channel = email`."""
    (value,) = named([driver.value])
    return value if driver.column is None else f"{driver.column} = {value}"


def _interval(driver: Driver) -> str | None:
    if driver.odds_ratio_low is None or driver.odds_ratio_high is None:
        return None
    return f"{display.number(driver.odds_ratio_low)} to {display.number(driver.odds_ratio_high)}"


def _summary(report: Drivers) -> Iterable[str]:
    first, last = report.first.stage, report.last.stage
    if not report.reached:
        yield f"Nobody reached {first}."
        return
    yield (
        f"{display.count(report.reached)} reached {first}: {display.count(report.converted)} of them reached {last},"
        f" {display.count(report.dropped)} dropped, {display.count(report.open)} still open."
    )
    if not report.tested:
        yield "There is nothing to test: all came out alike, or had the same."
        return
    found = [driver for driver in report.drivers if driver.significant]
    if not found:
        none = "The one driver tested does not go" if report.tested == 1 else f"None of {_tested(report)} goes"
        yield f"{none} with reaching {last} beyond chance."
        return
    telling = [driver for driver in found if not driver.flags][:NAMED]
    strongest = "; ".join(
        f"{name(driver)} ({display.rate(driver.rate_with)} with it, {display.rate(driver.rate_without)} without)"
        for driver in telling
    )
    some = "The one driver tested" if report.tested == 1 else f"{display.count(len(found))} of {_tested(report)}"
    sentence = f"{some} {'goes' if len(found) == 1 else 'go'} with reaching or not reaching {last}"
    yield f"{sentence} beyond chance. Strongest, of those without a flag: {strongest}." if telling else f"{sentence}."


def _tested(report: Drivers) -> str:
    return "the one driver tested" if report.tested == 1 else f"the {display.count(report.tested)} drivers tested"


def _notes(report: Drivers, shown: int) -> Iterable[str]:
    first, last = report.first.stage, report.last.stage
    yield from _left_out(report, shown)
    if not report.drivers:
        return
    yield (
        f"Association, not cause: a driver may come from the same intent as reaching {last}, or be a step on the way to"
        " it. Only an experiment tells what would happen if more people had it."
    )
    yield (
        f"Events are those later than {first} and earlier than {last}; for those who did not reach {last}, up to the"
        " end of the window or of the data. They had longer to have an event, so events look worse than they are."
        f" Whoever had longer for another reason had more time both for an event and to reach {last}."
    )
    if report.columns:
        place = "they entered with" if report.head.funnel.order == "any" else f"stands at {first}"
        yield f"Of each column the value counts that is on the row that {place}."
    else:
        yield "No column was looked at: name some with --by, or in the YAML's breakdowns."
    yield (
        f"p-values are two-sided (z test; Fisher's exact where an expected count is under {LEAST_EXPECTED}). Under"
        f" {LEVEL} is called beyond chance. They are {_family(report)}."
    )
    yield from _flags(report)


def _family(report: Drivers) -> str:
    """How p-values are adjusted, and over what."""
    if report.adjust != "none":
        method = "Holm" if report.adjust == "holm" else "Benjamini and Hochberg"
        return f"adjusted by {method} over {_tested(report)}"
    if report.tested == 1:
        return "not adjusted, as there is one"
    return f"not adjusted, so of {_tested(report)} about one in twenty is called so by chance"


def _left_out(report: Drivers, shown: int) -> Iterable[str]:
    """What is not shown, or was not looked at."""
    if report.open:
        is_ = "is" if report.open == 1 else "are"
        yield (
            f"{display.count(report.open)} of {display.count(report.reached)} {is_} still open: the window is not over"
            " at the end of the data. What becomes of them is not known, and they are left out."
        )
    if shown < len(report.drivers):
        weaker = len(report.drivers) - shown
        yield f"{display.count(weaker)} weaker {'driver is' if weaker == 1 else 'drivers are'} left out by --top."
    for column, count in report.left_out.items():
        s = "" if count == 1 else "s"
        if column is None:
            yield f"{display.count(count)} more event name{s}, rarer than the {display.count(MOST_EVENTS)} tested."
        else:
            yield f"{display.count(count)} more value{s} of {column}, rarer than the {MOST_VALUES} tested."


def _flags(report: Drivers) -> Iterable[str]:
    """What the flags mean that are there; give-aways by name."""
    there = {flag for driver in report.drivers for flag in driver.flags}
    if there & GIVE_AWAYS:
        telling = [each for each in report.drivers if GIVE_AWAYS & set(each.flags) and "small" not in each.flags]
        names = ", ".join(name(driver) for driver in telling[:NAMED])
        more = f" and {display.count(len(telling) - NAMED)} more" if len(telling) > NAMED else ""
        yield (
            f"always, never: everybody or nobody has it, of those who reached {report.last.stage} or of those who did"
            " not. Unless it is also small, such a driver is a give-away: probably a part of the outcome, not a reason"
            f" for it{f' ({names}{more})' if telling else ''}."
        )
    if "small" in there:
        yield (
            f"small: fewer than {ENOUGH} have it, or fewer than {ENOUGH} have it not, or an expected count is under"
            f" {LEAST_EXPECTED}; too few to rely on."
        )
    if "stage" in there:
        yield "stage: an event of one of the funnel's stages."
    if "exposure" in there:
        yield (
            f"exposure: an event with an odds ratio under 1; that those who did not reach {report.last.stage} had"
            " longer to have it may be the whole reason."
        )


GIVE_AWAYS = {"always", "never"}
