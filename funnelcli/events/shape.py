"""Events: the rows that take part, ready for the engine, and the account of those that do not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

REASONS = (
    "blank", "short", "long", "unbalanced_quote", "nul", "repeated_header",
    "other_event", "no_unit", "bad_time", "after_as_of", "out_of_range", "duplicate",
)  # fmt: skip
"""Why a row takes no part; a row is counted under the first that holds, in this order."""


@dataclass(frozen=True)
class Account:
    """Where every row went: rows_read = rows_used + the sum of skipped. Times are UTC µs, None if no row has one.

    `skipped` maps a reason to its count, in the order of REASONS, zeros left out.
    `first_time` and `last_time` are over all readable times of the log.
    """

    rows_read: int
    rows_used: int
    skipped: dict[str, int]
    first_time: int | None
    last_time: int | None


@dataclass(frozen=True)
class Events:
    """The rows that take part.

    `rows` (unit: UInt64, time: Int64 UTC µs, match: UInt64, row: UInt32, event: String, denied: UInt64, then one
    String column per breakdown column, named `carried(column)`, so that a column of the log called `time` or `unit`
    does no harm), in no particular order. Equal `unit` means the same unit, always; with `session` the same session
    of it. Bit j of `match` is set when the row matches stage j (from 0) and its `first` lets it; after the stages comes
    one bit per exclusion. `row` is the row's position in the input: files as listed, rows as written; the column is
    there with `ties: row` and with `everything`. `event` (null where the row names none) is there with `everything`;
    `denied`, the bits of the stages that the row matches but for their `first`, too if a stage has one. Breakdown
    columns may be null, and are where `match` was 0 from the start (without `everything`). The columns of
    `same`, and others that were asked for, come after them in the same way.
    Rows with `match` 0 are there with `order: strict`, where they take part, and with `everything`: then also those
    that take no part only because they match nothing (`other_event`), if they have a unit and a time in the range.
    `units` (unit: UInt64, then the unit columns as String, named `carried(column)`, then with `session` a column
    `session`: Int64, the unit's sessions from 1 in the order of time, or String, the session column's value), one row
    per unit in `rows`; None unless asked for.
    `others` (the unit columns as String, named `carried(column)`, time: Int64 UTC µs or null where it cannot be read,
    row: UInt32, event: String, match: UInt64 without regard to `first`, reason: String), the rows of the units that
    `rows` leaves out, by `row`: `where` for those that the funnel's `where` leaves out, else the first that holds of
    `other_event`, `no_unit` (the session column is null), `bad_time`, `after_as_of`, `out_of_range`. None unless asked
    for with both `everything` and `only`.
    `end` is the end of the data in UTC µs: `as_of`, else with `range: all` the earlier of `until` and the last
    time, else the last time; None if no row has a time.
    `notes` are sentences for a person (a stage whose events never occur, times in DST overlaps, …).
    """

    rows: pl.DataFrame
    account: Account
    end: int | None
    units: pl.DataFrame | None = None
    others: pl.DataFrame | None = None
    notes: tuple[str, ...] = field(default=())
