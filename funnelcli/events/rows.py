"""The rows of a log in one frame, before any is judged: which rows of the files are read, and what of them.

In come the scans and how their times are read; out comes one frame in memory, as small as it can be: rows that
cannot take part are left in the files, and so are the texts of rows that only need to be there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import carried, micros
from funnelcli.events import matching, naming
from funnelcli.events.scan import Scan, collected
from funnelcli.events.times import Reading, reading
from funnelcli.events.where import text

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.events.log import Log


@dataclass(frozen=True)
class Wanted:
    """Which rows of a log are read, and what of them.

    `columns` go along as text. `named` tells one unit from another; without it `unit` is 0 for every row that has one.
    `everything` keeps rows whatever their event, with the columns `event` and `row`. `only` keeps the rows of
    these units alone; with `everything` also those that the funnel's `where` leaves out, marked by `allowed`.
    """

    columns: tuple[str, ...] = ()
    named: bool = True
    everything: bool = False
    only: tuple[tuple[str, ...], ...] | None = None

    @property
    def refused(self) -> bool:
        """Whether rows that the funnel's `where` leaves out are kept."""
        return self.everything and self.only is not None


def whole(funnel: Funnel) -> bool:
    """Whether any row takes part, whatever its event."""
    return funnel.order == "strict" or funnel.session is not None


def owner(funnel: Funnel) -> list[str]:
    """The columns that make the unit without its session."""
    return [column for column in funnel.unit if column != funnel.session]


def beyond(funnel: Funnel) -> dict[str, pl.Expr]:
    """When a row's time keeps it from taking part, by reason."""
    tests = {}
    if funnel.as_of is not None:
        tests["after_as_of"] = pl.col("time") > micros(funnel.as_of)
    if funnel.range == "all" and funnel.since is not None:
        tests["out_of_range"] = pl.col("time") < micros(funnel.since)
    if funnel.range == "all" and funnel.until is not None:
        tests["out_of_range"] = tests.get("out_of_range", pl.lit(False)) | (pl.col("time") >= micros(funnel.until))
    return tests


def rows(log: Log, funnel: Funnel, wanted: Wanted) -> pl.DataFrame:
    """The wanted rows, each with its time where that can be read.

    (name: String unless the unit is an integer or not `named`, unit: UInt64 unless there is a name, session: String
    with a session column, time: Int64 UTC µs, match: UInt64, named: UInt64 if some `first: event` has conditions,
    repeated: Boolean unless no clock repeats an hour, row: UInt32 with `ties: row` or `everything`, event: String with
    `everything`, allowed: Boolean if rows are kept that `where` leaves out, then `columns` as String; a row has no
    unit where name, unit or session is null.)
    """
    integers = naming.whole(log.scans, owner(funnel))
    plans = []
    for scan, time in zip(log.scans, log.times, strict=True):
        parts = _unit(scan, funnel, integers=integers, named=wanted.named)
        parts |= time_parts(scan, funnel, time, log.times)
        parts["match"] = matching.matched(scan, funnel)
        if matching.rivals(funnel):
            parts["named"] = matching.named(scan, funnel)
        if wanted.everything or funnel.ties == "row":
            parts["row"] = pl.col("row")
        if wanted.everything:
            parts["event"] = text(*scan[funnel.columns.event])
        if wanted.refused:
            parts["allowed"] = matching.allowed(scan, funnel).fill_null(False)
        sparse = whole(funnel) and not wanted.everything
        for name in wanted.columns:
            cell = text(*scan[name])
            spared = sparse and name not in (*funnel.unit, *funnel.same)
            parts[carried(name)] = pl.when(parts["match"] != 0).then(cell) if spared else cell
        plan = filtered(scan, funnel, wanted).select(part.alias(name) for name, part in parts.items())
        if "rest" in parts:
            plan = plan.with_columns(pl.when(pl.col("time").is_null()).then(pl.col("rest")).alias("rest"))
        if matching.conditional(funnel) and not whole(funnel) and not wanted.everything:
            bits = pl.col("match") | pl.col("named") if "named" in parts else pl.col("match")
            plan = plan.filter(bits != 0)
        plans.append(plan)
    found = collected(pl.concat(plans), [source for scan in log.scans for source in scan.sources])
    if wanted.only is not None and len(funnel.unit) > 1:
        chosen = pl.DataFrame(wanted.only, schema=dict.fromkeys(map(carried, funnel.unit), pl.String), orient="row")
        found = found.join(chosen, on=chosen.columns, how="semi")
    return timed(found, funnel)


def _unit(scan: Scan, funnel: Funnel, *, integers: bool, named: bool) -> dict[str, pl.Expr]:
    """The columns that say whose the row is."""
    columns = owner(funnel)
    unit = naming.number(scan, columns[0]) if integers else naming.name(scan, columns)
    parts = {"unit" if integers else "name": unit}
    if isinstance(funnel.session, str):
        parts["session"] = text(*scan[funnel.session])
    if not named:
        there = pl.all_horizontal(part.is_not_null() for part in parts.values())
        return {"unit": pl.when(there).then(pl.lit(0, pl.UInt64))}
    return parts


def time_parts(scan: Scan, funnel: Funnel, time: Reading, times: Sequence[Reading]) -> dict[str, pl.Expr]:
    """The column of the time; `rest`, what of it is still to be read; and `repeated`."""
    parts = {"time": time.time if time.quick is None else time.quick}
    if any(each.quick is not None for each in times):
        parts["rest"] = pl.lit(None, pl.String) if time.quick is None else text(*scan[funnel.columns.timestamp])
    if any(each.repeated is not None for each in times):
        parts["repeated"] = pl.lit(False) if time.repeated is None else time.repeated
    return parts


def filtered(scan: Scan, funnel: Funnel, wanted: Wanted) -> pl.LazyFrame:
    """The rows of the scan that are read at all. Each condition stands by itself, so that it reaches the files."""
    frame = scan.frame
    if wanted.only is not None:
        for place, column in enumerate(funnel.unit):
            frame = frame.filter(naming.among(scan, column, {unit[place] for unit in wanted.only}))
    if wanted.refused:
        return frame
    if whole(funnel) or wanted.everything:
        return frame.filter(matching.allowed(scan, funnel)) if funnel.where else frame
    return frame.filter(matching.relevant(scan, funnel))


def timed(rows: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """The rows with every time read that can be, without `rest`."""
    if "rest" not in rows.columns:
        return rows
    if rows["rest"].null_count() < rows.height:
        late = reading(pl.col("rest"), pl.String(), funnel.columns, funnel.timezone, None)
        rows = rows.lazy().with_columns(pl.coalesce("time", late.time)).collect()
    return rows.drop("rest")
