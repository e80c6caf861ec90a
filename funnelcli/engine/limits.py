"""Limits: what a journey's steps must keep to beyond their order, in whole microseconds.

An exclusion is turned into a barrier once, here: for a place of one of the stages it guards, the time of the unit's
latest excluded row strictly before that place. A journey is clean when its row at the first of the two stages is
not before the barrier of any of its rows up to the second; for rows in order this says exactly that no excluded row
lies strictly between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import micros

if TYPE_CHECKING:
    from funnelcli.config.funnel import Exclusion, Funnel


@dataclass(frozen=True)
class Span:
    """An exclusion between two required stages, from 0; its barriers are in the column `barrier_<number>`."""

    number: int
    first: int
    last: int
    removes: bool

    @property
    def barrier(self) -> str:
        """The column of its barriers."""
        return f"barrier_{self.number}"

    def guards(self, stage: int) -> bool:
        """Whether rows of the stage have a barrier."""
        return self.first < stage <= self.last


@dataclass(frozen=True)
class Limits:
    """The limits of a funnel's required stages: durations in µs, None or 0 for no limit."""

    window: int | None
    within: tuple[int | None, ...]
    after: tuple[int, ...]
    spans: tuple[Span, ...]

    @property
    def only_window(self) -> bool:
        """Whether nothing but the window limits a journey."""
        return not (any(self.within) or any(self.after) or self.spans)

    def without_removing(self) -> Limits:
        """The same without the exclusions that remove a unit."""
        spans = tuple(span for span in self.spans if not span.removes)
        return Limits(self.window, self.within, self.after, spans)

    def without_exclusions(self) -> Limits:
        """The same without any exclusion."""
        return Limits(self.window, self.within, self.after, ())


def limits(funnel: Funnel) -> Limits:
    """The limits that a funnel declares."""
    required = [funnel.stages[position] for position in funnel.required]
    names = [stage.name for stage in required]
    return Limits(
        window=None if funnel.window is None else micros(funnel.window),
        within=tuple(None if stage.within is None else micros(stage.within) for stage in required),
        after=tuple(0 if stage.after is None else micros(stage.after) for stage in required),
        spans=tuple(_span(number, exclusion, names) for number, exclusion in enumerate(funnel.exclude)),
    )


def _span(number: int, exclusion: Exclusion, names: list[str]) -> Span:
    first, last = exclusion.between or (names[0], names[-1])
    return Span(number, names.index(first), names.index(last), exclusion.effect == "remove")


def excluded(rows: pl.DataFrame, number: int, funnel: Funnel) -> pl.DataFrame:
    """The instants of rows that match an exclusion (owner, time), sorted, each once. `rows` has `owner`, `time` and
    `match`.
    """
    bit = 1 << (len(funnel.stages) + number)
    return rows.filter((pl.col("match") & bit) != 0).select("owner", "time").unique().sort("owner", "time")


def with_barriers(frame: pl.DataFrame, rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """`frame` (owner, time, sorted by unit and time, …) with a barrier per exclusion (Int64 UTC µs, null where
    none).
    """
    if funnel.same:  # several units of an owner: bring the owner's rows in the order of time for the joins
        frame = frame.with_row_index("line").sort("owner", "time")
    for number in range(len(funnel.exclude)):
        frame = frame.join_asof(
            excluded(rows, number, funnel).with_columns(barrier="time"),
            on="time",
            by="owner",
            allow_exact_matches=False,
            check_sortedness=False,
        ).rename({"barrier": f"barrier_{number}"})
    return frame.sort("line").drop("line") if funnel.same else frame
