"""Journeys: the right table in the middle. One row per unit that entered; the rest is counting."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import polars as pl


class Events(Protocol):
    """What the engine reads.

    `rows` (unit: UInt64, time: Int64 UTC µs, match: UInt64 with bit j for stage j from 0, row: UInt32 with
    `ties: row`, then the breakdown columns as String), in any order. `end` is the end of the data in UTC µs.
    """

    @property
    def rows(self) -> pl.DataFrame:
        """The rows that take part."""
        ...

    @property
    def end(self) -> int | None:
        """The end of the data."""
        ...


class Status(StrEnum):
    """Where a unit that entered stands at the end of the data."""

    CONVERTED = "converted"
    OPEN = "open"
    DROPPED = "dropped"


STATUS = pl.Enum([status.value for status in Status])
VALUE = pl.Decimal(38, 9)
"""What a conversion is worth: exact, so that sums do not depend on their order."""


@dataclass(frozen=True)
class Journeys:
    """The journeys that count: one per unit that entered; with `count: attempts` one per attempt.

    `frame` (journey: UInt32, unit: UInt64, entered: Int64 UTC µs, stage_1 … stage_n: Int64 UTC µs, depth: Int64,
    status: Enum, mature: Boolean), in no particular order. A stage that was not reached is null; stage_1 is null only
    with `start: open`. `depth` counts the required stages reached. `mature` says that the window is over at the end of
    the data; null without a window, or without an end. With `start: open` also continued_2 … continued_n: Boolean, with
    `count: attempts` following: Int64, when the unit's next attempt entered, if there is one. With `order: any` stage_k
    is the time of the k-th stage, whichever it was. `excluded`, of the same shape, holds the units that an exclusion
    takes out, with their deepest journeys ignoring it. `segments` maps each breakdown to its frame (journey, then the
    breakdown's columns, `carried`, as String, null for no value; with `segment_from` a stage also not_reached: Boolean,
    as a value may say the same), for the journeys of both frames: one row per journey; with `segment_from: any` one per
    journey and segment. `end` is the end of the data in UTC µs, None where no row has a time. `values` (journey, value:
    Decimal with nine digits of fraction, null where the row has no number) tells what each journey that converted is
    worth; None where the funnel has no `value`, or the events came without its column. With `mature` both frames hold
    only journeys whose window is over.
    """

    frame: pl.DataFrame
    excluded: pl.DataFrame
    segments: dict[tuple[str, ...], pl.DataFrame]
    end: int | None
    values: pl.DataFrame | None = None


def stage_columns(stages: int) -> list[str]:
    """The names of the time columns of a funnel with so many stages: stage_1, stage_2, …."""
    return [f"stage_{position}" for position in range(1, stages + 1)]
