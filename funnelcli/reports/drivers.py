"""The drivers report: which events between two stages, and which values of columns, go with reaching the second.

Journeys and the events inside their spans come in; one frozen `Drivers` goes out. Of those who reached the first of
two required stages, who also reached the second has `converted` (here: from one to the other); of the others those
whose window is still running are `open`, and left out, for nobody knows yet what becomes of them. A driver is an event
that a journey has between the two stages (see `door.spans`), or the value that a column has on the row that stands at
the first. Each is a table of with and without by converted and not, and is tested; the p-values are adjusted over all
drivers that were tested. Association is not cause, and says nothing of what would happen if somebody brought it about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import polars as pl

from funnelcli.config.frames import carried
from funnelcli.engine import Status, door
from funnelcli.errors import Bug
from funnelcli.reports.comparing import ADJUSTED, LEVEL, Adjust
from funnelcli.reports.counting import Line, rate
from funnelcli.reports.shape import Account, Head, head
from funnelcli.reports.targets import ENOUGH
from funnelcli.stats import FEW, least_expected, odds_ratio, phi, shares_test

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.engine import Events, Journeys

MOST_EVENTS, MOST_VALUES = 1000, 50
"""So many event names, and values of a column, are looked at: those that most journeys have."""
LEAST_EXPECTED = FEW
"""With so small an expected count, or fewer than `ENOUGH` with or without, a driver is `small`."""


@dataclass(frozen=True)
class Driver:
    """An event, or a value of a column, and how those who reached the first stage did with it and without it.

    `column` is None for an event, `value` for a row that names none. `test` is `z`, or `fisher` where an expected count
    is under 5; without a contrast (nobody or everybody has it, or all came out alike) it is None, and so are the odds
    ratio, its interval, `phi`, both p-values and `significant`. Where one of the four counts is 0, half a journey is
    added to each for the odds ratio. `flags` are `small` (see LEAST_EXPECTED), `always` and `never` (of those who
    converted, or of those who did not, everybody or nobody has it), `stage` (an event of a stage of the funnel) and
    `exposure` (an event with an odds ratio under 1: who did not convert had longer to have it, which alone may be why).
    """

    kind: Literal["event", "column"]
    column: str | None
    value: str | None
    count: int
    converted_with: int
    rate_with: float | None
    count_without: int
    converted_without: int
    rate_without: float | None
    odds_ratio: float | None
    odds_ratio_low: float | None
    odds_ratio_high: float | None
    phi: float | None
    test: Literal["z", "fisher"] | None
    p_value: float | None
    p_adjusted: float | None
    significant: bool | None
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Drivers:
    """The report: the drivers by |phi|, then kind, column and value; those without a contrast last.

    `reached` the first stage = `converted` + `dropped` + `open`; drivers are those of the first two. `tested` counts
    the drivers over which p-values are adjusted. `left_out` counts events (None) and values of each column beyond the
    most frequent.
    """

    head: Head
    first: Line
    last: Line
    columns: tuple[str, ...]
    adjust: Adjust
    reached: int
    converted: int
    dropped: int
    open: int
    tested: int
    left_out: dict[str | None, int]
    drivers: tuple[Driver, ...]


def drivers(
    inside: pl.DataFrame,
    events: Events,
    journeys: Journeys,
    funnel: Funnel,
    account: Account,
    *,
    between: tuple[Line, Line],
    adjust: Adjust,
) -> Drivers:
    """The drivers between two stages: of the events, and of the columns that the funnel's breakdowns name.

    `inside` (journey, event: String or null, …), the rows inside each journey's span. Breakdowns are of one
    column each. `events` as `door.at_limits` needs them.

    Raises:
        Bug: the values of a column do not add up to all.
    """
    first, last = between
    reached = journeys.frame.filter(pl.col(f"stage_{first.position}").is_not_null()).select(
        "journey", "status", converted=pl.col(f"stage_{last.position}").is_not_null()
    )
    known = reached.filter(pl.col("converted") | (pl.col("status") != Status.OPEN.value))
    whole = _Counts(known.height, int(known["converted"].sum()))
    tied = door.at_limits(events, journeys, funnel, first.position, last.position)
    happened = pl.concat(each.select("journey", "event") for each in (inside, tied)).unique()
    stages = {event for stage in funnel.stages for match in stage.matches for event in match.events}
    found, left_out = [], {}
    for column, having, most in _looked_at(happened, journeys, funnel):
        counts = (
            having.join(known, on="journey")
            .group_by("value")
            .agg(count=pl.len().cast(pl.Int64), converted=pl.col("converted").sum().cast(pl.Int64))
            .sort(-pl.col("count"), "value", nulls_last=True)
        )
        if column is not None and int(counts["count"].sum()) != whole.size:
            raise Bug(f"the values of {column} do not add up to the {whole.size} who reached {first.stage}")
        if counts.height > most:
            left_out[column] = counts.height - most
        found += [
            _driver(column, value, _Counts(count, converted), whole, stages)
            for value, count, converted in counts.head(most).iter_rows()
        ]
    found = _adjusted(found, adjust)
    return Drivers(
        head=head("drivers", funnel, account, journeys.end),
        first=first,
        last=last,
        columns=tuple(column for (column,) in funnel.breakdowns),
        adjust=adjust,
        reached=reached.height,
        converted=whole.converted,
        dropped=whole.size - whole.converted,
        open=reached.height - whole.size,
        tested=sum(driver.p_value is not None for driver in found),
        left_out=left_out,
        drivers=tuple(sorted(found, key=_place)),
    )


def _looked_at(
    happened: pl.DataFrame, journeys: Journeys, funnel: Funnel
) -> Iterator[tuple[str | None, pl.DataFrame, int]]:
    """The events (None), then each column: who has which value (journey, value), and how many values are tested."""
    yield None, happened.select("journey", value="event"), MOST_EVENTS
    for (column,) in funnel.breakdowns:
        segments = journeys.segments[(column,)]
        yield column, segments.select("journey", value=carried(column)), MOST_VALUES


class _Counts(NamedTuple):
    """A group of journeys: how many they are, and how many of them converted."""

    size: int
    converted: int


def _driver(column: str | None, value: str | None, having: _Counts, whole: _Counts, stages: set[str]) -> Driver:
    """The driver of the journeys `having` it, not yet adjusted. `stages` are the events of stages."""
    lacking = _Counts(whole.size - having.size, whole.converted - having.converted)
    cells = (having.converted, having.size - having.converted, lacking.converted, lacking.size - lacking.converted)
    a, b, c, d = cells
    least = least_expected([(a, b), (c, d)])
    ratio, low, high = odds_ratio(*cells)
    # Where a row or a column is empty there is nothing to test.
    p_value, test = shares_test(a, a + b, c, c + d) if least else (None, None)
    return Driver(
        kind="event" if column is None else "column",
        column=column,
        value=value,
        count=having.size,
        converted_with=a,
        rate_with=rate(a, a + b),
        count_without=lacking.size,
        converted_without=c,
        rate_without=rate(c, c + d),
        odds_ratio=ratio,
        odds_ratio_low=low,
        odds_ratio_high=high,
        phi=phi(*cells),
        test=test,
        p_value=p_value,
        p_adjusted=None,
        significant=None,
        flags=tuple(
            flag
            for flag, holds in {
                "small": (least or 0) < LEAST_EXPECTED or min(having.size, lacking.size) < ENOUGH,
                "always": c == 0 < a or d == 0 < b,
                "never": a == 0 < c or b == 0 < d,
                "stage": column is None and value in stages,
                "exposure": column is None and ratio is not None and ratio < 1,
            }.items()
            if holds
        ),
    )


def _adjusted(drivers: Sequence[Driver], adjust: Adjust) -> list[Driver]:
    """The drivers with their p-values adjusted, which are then judged."""
    p_values = ADJUSTED[adjust]([driver.p_value for driver in drivers])
    return [
        replace(driver, p_adjusted=p_value, significant=None if p_value is None else p_value < LEVEL)
        for driver, p_value in zip(drivers, p_values, strict=True)
    ]


def _place(driver: Driver) -> tuple[object, ...]:
    """What drivers are sorted by; a value that is missing comes after a value of the same |phi|."""
    strength = (1, 0.0) if driver.phi is None else (0, -abs(driver.phi))
    return strength, driver.kind, driver.column or "", driver.value is None, driver.value or ""
