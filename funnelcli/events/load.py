"""Logs to events: the rows that take part, and the account of all others.

Three plans, each as small as it can be, because one plan for all of it would read every column of every row: the
rows that match a stage (that filter reaches the scan); the number of rows (of Parquet, from its footer); the
first and last time of all rows (read only of those that may lie outside the times already seen). `only` asks for
two sets of rows: of the whole log what the account needs, and of the few units everything.
"""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import carried, micros
from funnelcli.errors import Bug, DataError
from funnelcli.events import naming
from funnelcli.events.extent import Extent, extent
from funnelcli.events.files import unchanged
from funnelcli.events.first import denied
from funnelcli.events.log import Log, carried_names, opened
from funnelcli.events.messages import listed
from funnelcli.events.rows import Wanted, beyond, rows, whole
from funnelcli.events.scan import damage
from funnelcli.events.sessions import sessions
from funnelcli.events.shape import REASONS, Account, Events
from funnelcli.events.words import no_times, unmatched

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel


def load(
    funnel: Funnel,
    *,
    units: bool = False,
    columns: tuple[str, ...] = (),
    everything: bool = False,
    only: tuple[tuple[str, ...], ...] | None = None,
    log: Log | None = None,
) -> Events:
    """The events of the funnel's logs, with its breakdown columns and `columns`; with the units' names if asked for.

    `everything` keeps every row of the units, whatever its event, with its `event` and `row`. `only` keeps the rows of
    these units alone (a text per unit column; sessions of a unit come together); the account, the end of the data and
    the notes are still those of the whole log. With both, `others` has the units' rows that `rows` leaves out, each
    with its reason. `log` is the funnel's log if it is open already, with these columns; else it is opened here.

    Raises:
        DataError: a log is missing, cannot be read, lacks a column, or has no time that can be read.
        ConfigError: a regular expression, a time format or the timezone is none.
    """
    texts = [*carried_names(funnel, columns), *(funnel.unit if units or only is not None else ())]
    wanted = Wanted(tuple(dict.fromkeys(texts)), everything=everything, only=only)
    with nullcontext(log) if log is not None else opened(funnel, columns, positions=everything) as there:
        found = rows(there, funnel, wanted)
        counted = found if only is None else rows(there, funnel, Wanted(named=False))
        seen = extent(there.scans, there.times, funnel.columns.timestamp, _extent(counted))
        read = sum(scan.rows for scan in there.scans)
        skipped, harm = damage(there.scans)
        notes = [*there.notes, *harm]
        whose = listed(file.name for file in there.files)
        if read == 0 and not skipped:
            notes.append(f"{whose}: no rows, only a header")
        elif read == 0:
            raise DataError(
                f"{whose}: every row is damaged ({', '.join(skipped)}); look at its separator and its header"
            )
        elif seen is None:
            raise no_times(there.scans, whose, funnel)
        else:
            notes += unmatched(there.scans, counted["match"], funnel)
        unchanged(there.files)
    damaged = skipped.total()
    used, repeated = _counted(counted, funnel, read, skipped)
    if repeated:
        notes.append(
            f"times in an hour that the clocks of {funnel.timezone} repeat: {repeated};"
            " each was read as the earlier of the two"
        )
    others = _others(found, funnel) if wanted.refused else None
    del counted  # what is not needed any more is let go, step by step
    found = _units(found, funnel)
    found = _taking_part(found, funnel, everything=everything)
    more = ("row", "event", "denied") if everything else ("row",)
    kept = ["unit", "time", "match", *(name for name in more if name in found.columns)]
    names = [*map(carried, funnel.unit), *(["session"] if funnel.session is not None else [])]
    return Events(
        rows=found.select(*kept, *map(carried, carried_names(funnel, columns))).rechunk(),
        account=_account(read + damaged, used, skipped, seen),
        end=_end(funnel, seen),
        units=found.select("unit", *names).unique("unit", keep="any").rechunk() if units else None,
        others=others,
        notes=tuple(notes),
    )


def _extent(rows: pl.DataFrame) -> Extent | None:
    """The first and last time of these rows."""
    first, last = rows.select(pl.col("time").min().alias("first"), pl.col("time").max().alias("last")).row(0)
    return None if first is None else Extent(first, last)


def _tests(rows: pl.DataFrame, funnel: Funnel) -> dict[str, pl.Expr]:
    """When a row takes no part, by reason, in the order in which they count."""
    names = [name for name in ("name", "unit", "session") if name in rows.columns]
    tests = {} if whole(funnel) else {"other_event": pl.col("match") == 0}
    tests["no_unit"] = pl.any_horizontal(pl.col(name).is_null() for name in names)
    tests["bad_time"] = pl.col("time").is_null()
    return tests | beyond(funnel)


def _first(tests: dict[str, pl.Expr]) -> pl.Expr:
    """The first reason that holds (String), null for none."""
    return pl.coalesce([pl.when(test).then(pl.lit(reason)) for reason, test in tests.items()])


def _counted(rows: pl.DataFrame, funnel: Funnel, read: int, skipped: Counter[str]) -> tuple[int, int]:
    """How many rows take part, and how many of them have a time that clocks repeat; `skipped` counts the others."""
    repeated = pl.col("repeated").sum() if "repeated" in rows.columns else pl.lit(0)
    reasons = rows.lazy().group_by(_first(_tests(rows, funnel)).alias("reason"))
    used, twice = 0, 0
    skipped["other_event"] += read - rows.height
    for reason, count, again in reasons.agg(pl.len(), repeated.alias("repeated")).collect().iter_rows():
        if reason is None:
            used, twice = count, again
        else:
            skipped[reason] += count
    return used, twice


def _units(rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """The rows that exist for the rules and have a unit, as its number, and a time; without `name`."""
    tests = _tests(rows, funnel)
    if "allowed" in rows.columns:
        rows = rows.filter("allowed")
    rows = _without(rows, tests["no_unit"] | tests["bad_time"])
    if "name" not in rows.columns:
        return rows
    return rows.with_columns(naming.numbered(rows["name"]).alias("unit")).drop("name")


def _taking_part(rows: pl.DataFrame, funnel: Funnel, *, everything: bool) -> pl.DataFrame:
    """Of those, the rows that the engine needs, each with the number of what is counted; with `everything` all."""
    tests = _tests(rows, funnel)
    some = any(stage.first is not None for stage in funnel.stages)
    if some:
        rows = denied(rows, funnel).with_columns(match=pl.col("match") ^ pl.col("denied"))
    for reason in ("after_as_of", "out_of_range"):
        rows = _without(rows, tests[reason]) if reason in tests else rows
    every = everything or funnel.order == "strict"
    kept = pl.lit(True) if every else pl.col("match") != 0
    if funnel.session is not None:
        return sessions(rows, funnel, kept)
    return rows.filter(kept) if some and not every else rows


def _without(rows: pl.DataFrame, test: pl.Expr) -> pl.DataFrame:
    """The rows for which the test does not hold; the frame itself, uncopied, if it holds for none."""
    return rows.filter(~test) if rows.select(test.any()).item() else rows


def _others(rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """The rows that take no part for another reason than their event, each with its first reason, by `row`."""
    tests = {"where": ~pl.col("allowed")} | _tests(rows, funnel)
    left = pl.any_horizontal(test for reason, test in tests.items() if reason != "other_event")
    names = map(carried, funnel.unit)
    return rows.filter(left).select(*names, "time", "row", "event", "match", reason=_first(tests)).sort("row")


def _account(read: int, used: int, skipped: Counter[str], seen: Extent | None) -> Account:
    """The account. Raises: Bug when it does not add up."""
    reasons = {reason: skipped[reason] for reason in REASONS if skipped[reason]}
    if read != used + sum(reasons.values()) or min(reasons.values(), default=0) < 0 or set(skipped) - set(REASONS):
        raise Bug(f"{read} rows read are not {used} used and {dict(skipped)} skipped")
    return Account(read, used, reasons, seen.first if seen else None, seen.last if seen else None)


def _end(funnel: Funnel, seen: Extent | None) -> int | None:
    """The end of the data in UTC µs."""
    if funnel.as_of is not None:
        return micros(funnel.as_of)
    if seen is None:
        return None
    return min(seen.last, micros(funnel.until)) if funnel.range == "all" and funnel.until else seen.last
