"""The paths report: what happens between two stages, as sequences of events with counts.

Events and journeys come in; one frozen `Paths` goes out. Of those who reached the first of two required stages, who
also reached the second has `converted` (here: from one to the other), and the sequence is what came between; of the
others it is what came next, up to the end of the window or of the data, and they are `dropped` or `open`. Rows of any
event count, if later than the first stage and earlier than the second; at their instants only the journey's own rows
for stages between the two. An event that is repeated at once counts once, and a sequence is cut after its first events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.engine import Status, door
from funnelcli.errors import Bug
from funnelcli.reports.counting import Line, rate
from funnelcli.reports.shape import Account, Head, head

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.engine import Events, Journeys


@dataclass(frozen=True)
class Path:
    """One sequence of events (None for a row that names none), and how many of its outcome took it."""

    outcome: str
    events: tuple[str | None, ...]
    count: int
    share: float | None


@dataclass(frozen=True)
class Paths:
    """The report: the most frequent sequences of each outcome, by count, then by events.

    `sizes` counts all of an outcome, its other sequences included, and `sequences` how many different ones there are.
    """

    head: Head
    first: Line
    last: Line
    length: int
    sizes: dict[str, int]
    sequences: dict[str, int]
    paths: tuple[Path, ...]


OUTCOMES = (Status.CONVERTED, Status.DROPPED, Status.OPEN)


def paths(
    inside: pl.DataFrame,
    events: Events,
    journeys: Journeys,
    funnel: Funnel,
    account: Account,
    *,
    between: tuple[Line, Line],
    top: int,
    length: int,
) -> Paths:
    """The `top` sequences of each outcome, of at most `length` events. `inside` and `events` as for `door.between`.

    Raises:
        Bug: the sequences do not add up.
    """
    first, last = between
    reached = journeys.frame.filter(pl.col(f"stage_{first.position}").is_not_null())
    rows = door.between(inside, events, journeys, funnel, first=first.position, last=last.position)
    converted = pl.col(f"stage_{last.position}").is_not_null()
    outcomes = reached.select(
        "journey", outcome=pl.when(converted).then(pl.lit("converted")).otherwise(pl.col("status").cast(pl.String))
    )
    counts = (
        outcomes.join(_sequences(rows, length), on="journey", how="left")
        .group_by("outcome", pl.col("events").fill_null([]))
        .agg(count=pl.len().cast(pl.Int64))
        .sort(-pl.col("count"), "events", nulls_last=True)
    )
    members = {outcome.value: counts.filter(pl.col("outcome") == outcome.value) for outcome in OUTCOMES}
    sizes = {outcome: int(frame["count"].sum()) for outcome, frame in members.items()}
    if sum(sizes.values()) != reached.height:
        raise Bug(f"{reached.height} reached {first.stage}, and the outcomes are {sizes}")
    return Paths(
        head=head("paths", funnel, account, journeys.end),
        first=first,
        last=last,
        length=length,
        sizes=sizes,
        sequences={outcome: frame.height for outcome, frame in members.items()},
        paths=tuple(
            Path(outcome, tuple(names), count, rate(count, sizes[outcome]))
            for outcome, frame in members.items()
            for names, count in frame.head(top).select("events", "count").iter_rows()
        ),
    )


def _sequences(rows: pl.DataFrame, length: int) -> pl.DataFrame:
    """The first events of each journey's rows (journey, events: List of String), repeats at once left out.

    `rows` (journey, time, event) in the order of each journey.
    """
    same = (pl.col("journey") == pl.col("journey").shift()) & pl.col("event").eq_missing(pl.col("event").shift())
    fresh = rows.filter(~same.fill_null(False))
    return fresh.group_by("journey", maintain_order=True).agg(events=pl.col("event").head(length))
