"""The times of a log as a whole: how each of its files' times are read, and the first and the last of all rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.errors import Bug, DataError
from funnelcli.events.messages import shown
from funnelcli.events.scan import Scan, all_collected
from funnelcli.events.times import Reading, reading
from funnelcli.events.where import text

if TYPE_CHECKING:
    from funnelcli.config.funnel import Columns

_SAMPLE = 100


@dataclass(frozen=True)
class Extent:
    """The first and the last readable time of a log, UTC µs."""

    first: int
    last: int


def readings(log: Sequence[Scan], columns: Columns, timezone: str) -> list[Reading]:
    """How the times of each scan are read. Raises: DataError when they cannot be; ConfigError for a bad format."""
    found = []
    for scan in log:
        cell, dtype = scan[columns.timestamp]
        sample = None
        if dtype in (pl.String, pl.Categorical, pl.Enum) and columns.time_format is None and columns.time_unit is None:
            head = all_collected([scan.frame.select(text(cell, dtype).alias("text")).head(_SAMPLE)], scan.sources)[0]
            sample = next(iter(head["text"].drop_nulls()), None)
        try:
            found.append(reading(cell, dtype, columns, timezone, sample))
        except DataError as error:
            raise DataError(f"{shown(scan.sources[0].name)}: {error}") from None
    return found


def extent(log: Sequence[Scan], times: Sequence[Reading], column: str, seen: Extent | None) -> Extent | None:
    """The first and last time of all rows, given those of some; None if no row has a time.

    Raises: Bug when a text file does not hold the rows that its audit counted.
    """
    found = [] if seen is None else [seen]
    again = []
    plans = [_quick(scan, time, column, seen) for scan, time in zip(log, times, strict=True)]
    files = [source for scan in log for source in scan.sources]
    for scan, time, answer in zip(log, times, all_collected(plans, files), strict=True):
        row = answer.row(0, named=True)
        if scan.text and row["rows"] != scan.rows:
            raise Bug(f"{scan.sources[0].name}: {scan.rows} rows were counted and {row['rows']} read")
        if row["first"] is not None:
            found.append(Extent(row["first"], row["last"]))
        if row["left"]:
            again.append(_whole(scan, time, column, seen))
    for answer in all_collected(again, files):
        first, last = answer.row(0)
        if first is not None:
            found.append(Extent(first, last))
    return Extent(min(each.first for each in found), max(each.last for each in found)) if found else None


def _quick(scan: Scan, time: Reading, column: str, seen: Extent | None) -> pl.LazyFrame:
    """First and last time by the quick reading, how many rows it leaves, and how many were read (of CSV, all)."""
    cell, _ = scan[column]
    outside = None if seen is None or time.outside is None else time.outside(seen.first, seen.last)
    frame = scan.frame
    if outside is not None:
        frame = frame.with_columns(pl.when(outside).then(cell)) if scan.text else frame.filter(outside)
    stamp = time.time if time.quick is None else time.quick
    full = pl.lit(False) if time.quick is None else cell.is_not_null()
    return frame.select(stamp.alias("time"), full.alias("full")).select(
        pl.col("time").min().alias("first"),
        pl.col("time").max().alias("last"),
        (pl.col("full") & pl.col("time").is_null()).sum().alias("left"),
        pl.len().alias("rows"),
    )


def _whole(scan: Scan, time: Reading, column: str, seen: Extent | None) -> pl.LazyFrame:
    """First and last time of the rows that the quick reading leaves."""
    cell, _ = scan[column]
    outside = None if seen is None or time.outside is None else time.outside(seen.first, seen.last)
    frame = scan.frame if outside is None else scan.frame.filter(outside)
    if time.quick is not None:
        frame = frame.filter(time.quick.is_null() & cell.is_not_null())
    return frame.select(time.time.alias("time")).select(
        pl.col("time").min().alias("first"), pl.col("time").max().alias("last")
    )
