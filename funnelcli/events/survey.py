"""What is in a log: `survey` for any log, `check` for the logs of a funnel."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.errors import DataError
from funnelcli.events import naming
from funnelcli.events.column_types import column_types
from funnelcli.events.extent import readings
from funnelcli.events.files import sources, unchanged
from funnelcli.events.guess import guess
from funnelcli.events.load import load
from funnelcli.events.messages import listed, shown
from funnelcli.events.scan import MissingColumnError, Scan, collected, damage, scans
from funnelcli.events.times import known
from funnelcli.events.where import text

if TYPE_CHECKING:
    from funnelcli.config.funnel import Columns, Funnel

_SAMPLE = 1000


@dataclass(frozen=True)
class Column:
    """A column of a log: its type in a word (of every file that has it), and how many rows have no value there."""

    name: str
    type: str
    nulls: int


@dataclass(frozen=True)
class Survey:
    """What is in a log. Times are UTC µs.

    `rows` counts whole rows. `duplicates` counts rows that are equal in all columns to another row before them.
    `ties` counts the rows that share unit and time with at least one other row. `empty_days` are the days between
    the first and the last, in the timezone, that have no row. `events` maps the names to their counts, most first,
    then by name. `roles` says which columns are user, event and time, as given or as guessed; where it is None, or
    the times cannot be read, what hangs on it is None, and `events` is empty.
    """

    rows: int
    units: int | None
    first_time: int | None
    last_time: int | None
    duplicates: int
    ties: int | None
    empty_days: tuple[date, ...] | None
    columns: tuple[Column, ...]
    events: dict[str, int]
    roles: Columns | None
    notes: tuple[str, ...] = field(default=())


def survey(logs: Sequence[str], columns: Columns | None = None, timezone: str = "UTC") -> Survey:
    """What is in the logs; without `columns` these are guessed.

    Raises: DataError when a log is missing, cannot be read, or lacks one of the `columns`.
    """
    known(timezone)
    with ExitStack() as stack:
        files, notes = sources(logs, stack)
        log = scans(files, None, stack)
        notes += damage(log)[1]
        there = list(dict.fromkeys(name for scan in log for name in scan.columns))
        roles = columns or _guessed(log)
        if roles is None:
            notes.append("which columns are user, event and timestamp could not be told; name them with --columns")
        else:
            _check(log, roles)
        if not there:
            raise DataError(f"{shown(files[0].name)}: it has no columns; export it with those of user, event and time")
        journal = _Journal(None, None, None, None, None, ()) if roles is None else _journal(log, roles, timezone)
        found = Survey(
            rows=sum(scan.rows for scan in log),
            units=journal.units,
            first_time=journal.first,
            last_time=journal.last,
            duplicates=_duplicates(log, there),
            ties=journal.ties,
            empty_days=journal.empty_days,
            columns=_columns(log, there),
            events={} if roles is None else _events(log, roles),
            roles=roles,
            notes=(*notes, *journal.notes),
        )
        unchanged(files)
    return found


def check(funnel: Funnel) -> list[str]:
    """Sentences about what in the funnel's logs deserves a second look; none when all is well.

    Raises: DataError and ConfigError as `load` does.
    """
    events = load(funnel)
    words = {
        "no_unit": f"rows without a unit in {listed(funnel.unit)}",
        "bad_time": f"rows without a time that can be read in {shown(funnel.columns.timestamp)}",
    }
    skipped = events.account.skipped
    return [*events.notes, *(f"{words[reason]}: {skipped[reason]}" for reason in words if reason in skipped)]


def _check(log: Sequence[Scan], roles: Columns) -> None:
    """Nothing; raises DataError when a file lacks one of the columns."""
    for scan in log:
        for name in (roles.user, roles.event, roles.timestamp):
            if name not in scan.columns:
                raise MissingColumnError(scan.sources[0].name, name, list(scan.columns))


def _guessed(log: Sequence[Scan]) -> Columns | None:
    """The columns of user, event and time, guessed from the columns that all files have."""
    shared = [name for name in log[0].columns if all(name in scan.columns for scan in log)]
    head = log[0].frame.select(log[0][name][0] for name in shared).head(_SAMPLE)
    return guess(shared, collected(head, log[0].sources))


def _columns(log: Sequence[Scan], names: Sequence[str]) -> tuple[Column, ...]:
    """Every column of the log, its types and nulls."""
    nulls = dict.fromkeys(names, 0)
    types: dict[str, dict[str, None]] = {name: {} for name in names}
    for scan in log:
        empty = collected(scan.frame.select(cell.null_count() for cell, _ in scan.columns.values()), scan.sources)
        counts = dict.fromkeys(names, scan.rows) | dict(zip(scan.columns, empty.row(0), strict=True))
        for name, count in counts.items():
            nulls[name] += count
        typed = scan.columns if not scan.text else [name for name in scan.columns if counts[name] < scan.rows]
        for name, word in column_types(scan, list(typed)).items():
            types[name][word] = None
    return tuple(Column(name, " or ".join(types[name]) or "text", nulls[name]) for name in names)


def _events(log: Sequence[Scan], roles: Columns) -> dict[str, int]:
    """The event names and their counts, most first, then by name."""
    cells = pl.concat([scan.frame.select(text(*scan[roles.event]).alias("event")) for scan in log])
    counts = collected(cells.drop_nulls().group_by("event").len(), [file for scan in log for file in scan.sources])
    return dict(counts.sort(["len", "event"], descending=[True, False]).iter_rows())


def _duplicates(log: Sequence[Scan], names: Sequence[str]) -> int:
    """How many rows are equal in all columns to one before them (columns of lists and structs aside).

    Rows with a hash that no other row has cannot be equal to another: only the rest are compared.
    """
    types = {name: [scan[name][1] for scan in log if name in scan.columns] for name in names}
    plain = {name: found for name, found in types.items() if not any(dtype.is_nested() for dtype in found)}
    if not plain:
        return 0
    files = [file for scan in log for file in scan.sources]
    frames = [
        scan.frame.select(
            _comparable(scan, name, found).alias(f"d{place}") for place, (name, found) in enumerate(plain.items())
        )
        for scan in log
    ]
    rows = pl.concat(frames).with_columns(hash=pl.struct(pl.all()).hash())
    often = collected(rows.group_by("hash").len().filter(pl.col("len") > 1).select("hash"), files)["hash"]
    if often.is_empty():
        return 0
    alike = rows.filter(pl.col("hash").is_in(often.implode())).group_by(pl.all()).len()
    return int(collected(alike.select((pl.col("len").cast(pl.Int64) - 1).sum()), files).item())


def _comparable(scan: Scan, name: str, types: Sequence[pl.DataType]) -> pl.Expr:
    """The column such that equal values are equal, whatever its types are in the files: as text if they differ."""
    alike = len(set(types)) == 1
    if name not in scan.columns:
        return pl.lit(None, types[0] if alike else pl.String())
    return scan[name][0] if alike else text(*scan[name])


@dataclass(frozen=True)
class _Journal:
    """Units and times of a log."""

    units: int | None
    ties: int | None
    first: int | None
    last: int | None
    empty_days: tuple[date, ...] | None
    notes: tuple[str, ...]


def _journal(log: Sequence[Scan], roles: Columns, timezone: str) -> _Journal:
    """Units and times of the log; no times when the column is none."""
    files = [file for scan in log for file in scan.sources]
    notes = []
    try:
        times = [reading.time for reading in readings(log, roles, timezone)]
    except DataError as error:
        notes.append(str(error))
        times = [pl.lit(None, pl.Int64)] * len(log)
    rows = collected(
        pl.concat(
            [
                scan.frame.select(naming.name(scan, [roles.user]).alias("name"), time.alias("time"))
                for scan, time in zip(log, times, strict=True)
            ]
        ),
        files,
    )
    unread = rows["time"].null_count()
    if unread and not notes:
        notes.append(f"rows without a time that can be read in {shown(roles.timestamp)}: {unread}")
    times_read = rows["time"].drop_nulls()  # of all rows, also of those without a unit
    rows = rows.drop_nulls("name")
    rows = rows.select(naming.numbered(rows["name"]).alias("unit"), "time")
    timed = rows.drop_nulls("time")
    ties = (
        timed.lazy()
        .group_by("unit", "time")
        .len()
        .filter(pl.col("len") > 1)
        .select(pl.col("len").sum())
        .collect()
        .item()
    )
    first, last = times_read.to_frame("time").select(first=pl.col("time").min(), last=pl.col("time").max()).row(0)
    return _Journal(
        units=rows["unit"].n_unique(),
        ties=ties if timed.height else None,
        first=first,
        last=last,
        empty_days=_empty_days(times_read, timezone) if times_read.len() else None,
        notes=tuple(notes),
    )


def _empty_days(times: pl.Series, timezone: str) -> tuple[date, ...]:
    """The days of the timezone between the first and the last without any time."""
    local = times.cast(pl.Datetime("us")).dt.replace_time_zone("UTC").dt.convert_time_zone(timezone).dt.date()
    days = local.unique().sort().to_list()
    return tuple(
        before + timedelta(days=distance)
        for before, after in pairwise(days)
        for distance in range(1, (after - before).days)
    )
