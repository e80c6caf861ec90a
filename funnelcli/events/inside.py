"""Events inside spans of time: what units did between two moments, without holding all that anybody did.

In come an open log, of which `load` has taken the rows of the stages, and a span for each journey that grew out of
them; the log is read once more, and out comes which events lie in which span. What must be known: these are the rows
that `load` keeps with `everything`, and the two must never differ.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import carried, micros
from funnelcli.errors import Bug
from funnelcli.events import naming
from funnelcli.events.files import unchanged
from funnelcli.events.rows import Wanted, beyond, filtered, time_parts, timed
from funnelcli.events.scan import collected
from funnelcli.events.where import text

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.events.log import Log
    from funnelcli.events.shape import Events

_SEEDS = 0x66756E6E656C, 0x6C6F67
_BETWEEN = (pl.col("time") > pl.col("begin")) & (pl.col("time") < pl.col("finish"))


def inside(log: Log, funnel: Funnel, events: Events, spans: pl.DataFrame) -> pl.DataFrame:
    """The rows that the spans hold (journey: UInt32, time: Int64 UTC µs, event: String or null, row: UInt32 with `ties:
    row`), in no particular order.

    `spans` (journey, unit, begin, finish: Int64 UTC µs): a row lies in one if it is later than `begin` and earlier than
    `finish`, neither limit counts, and with `session` if it belongs to the session that was there at `begin`.
    `events` come from this log, with the units' names.

    Raises: DataError when a log cannot be read, or has changed.
    """
    if events.units is None:
        raise Bug("the events came without the names of their units")
    names = naming.joined([pl.col(carried(column)) for column in funnel.unit])
    number = _number(log, funnel)
    owners = spans.join(events.units, on="unit").select("journey", "begin", "finish", unit=_key(names, number))
    plans = []
    for scan, time in zip(log.scans, log.times, strict=True):
        name = naming.name(scan, funnel.unit) if number is None else scan[funnel.unit[0]][0]
        parts = {"unit": _key(name, number), "event": text(*scan[funnel.columns.event])}
        parts |= time_parts(scan, funnel, time, log.times)
        if funnel.ties == "row":
            parts["row"] = pl.col("row")
        frame = filtered(scan, funnel, Wanted(everything=True)).select(part.alias(to) for to, part in parts.items())
        met = frame.join(owners.lazy(), on="unit")
        kept = ["journey", "begin", "finish", *(name for name in ("time", "event", "row") if name in parts)]
        if "rest" in parts:
            rest = pl.when(pl.col("time").is_null()).then("rest")
            plans.append(met.select(*kept, rest=rest).filter(_BETWEEN | pl.col("rest").is_not_null()))
        else:
            plans.append(met.select(kept).filter(_BETWEEN))
    found = timed(collected(pl.concat(plans), [source for scan in log.scans for source in scan.sources]), funnel)
    unchanged(log.files)
    found = found.filter(_BETWEEN, *(~test for test in beyond(funnel).values()))
    if isinstance(funnel.session, timedelta):
        found = _of_one_session(found, micros(funnel.session))
    return found.drop("begin", "finish")


def _number(log: Log, funnel: Funnel) -> pl.DataType | None:
    """The type of the unit where it is a whole number in every file."""
    if not naming.whole(log.scans, funnel.unit):
        return None
    return pl.Int64() if log.scans[0][funnel.unit[0]][1].is_signed_integer() else pl.UInt64()


def _key(name: pl.Expr, number: pl.DataType | None) -> pl.Expr:
    """What rows and spans meet by: a whole number itself; of a text a hash of 128 bits, far quicker than the text.

    That two of n units share one has the probability n² ÷ 2¹²⁹: none of the sizes that fit on a disk.
    """
    if number is not None:
        return name.cast(number)
    high, low = (name.hash(seed) for seed in _SEEDS)
    return high.reinterpret(signed=True).cast(pl.Int128) * 2**64 + low.cast(pl.Int128)


def _of_one_session(rows: pl.DataFrame, longest: int) -> pl.DataFrame:
    """The rows up to the first silence longer than `longest` since the one before, or since `begin`."""
    rows = rows.sort("journey", "time")
    before = pl.when(pl.col("journey") == pl.col("journey").shift()).then(pl.col("time").shift()).otherwise("begin")
    return rows.filter(((pl.col("time") - before) > longest).cast(pl.UInt32).cum_sum().over("journey") == 0)
