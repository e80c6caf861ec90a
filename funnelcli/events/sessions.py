"""Sessions: with `session`, what is counted is one session of a unit."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import micros

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel

_APART = 2**61
"""Further apart, in µs, than any two times twice over: what parts the times of one unit from those of the next."""


def sessions(rows: pl.DataFrame, funnel: Funnel, kept: pl.Expr) -> pl.DataFrame:
    """Of the rows, all that take part (unit, time, …), those that are `kept`, with a `unit` for each session of a unit.

    A new session starts after a silence longer than `session`: the limit itself does not part. The column `session`
    is Int64 from 1 in the order of time; with a session column, whose values part a unit's rows, its text.
    """
    if not isinstance(funnel.session, timedelta):
        rows = rows.filter(kept)
        names = rows.select("unit", "session").unique().with_row_index("number")
        return rows.drop("unit").with_columns(
            unit=rows.join(names, on=["unit", "session"], how="left", maintain_order="left")["number"].cast(pl.UInt64)
        )
    starts = _starts(rows, min(micros(funnel.session), _APART // 2))
    rows = rows.filter(kept).with_columns(key=_key()).sort("key").drop("unit")
    return rows.join_asof(starts, on="key", strategy="backward", check_sortedness=False).drop("key")


def _key() -> pl.Expr:
    """A number per row in the order of unit and time: one number sorts far quicker than two."""
    return pl.col("unit").cast(pl.Int128) * _APART + pl.col("time")


def _starts(rows: pl.DataFrame, longest: int) -> pl.DataFrame:
    """The first row of every session (key: Int128, unit: UInt64, one per session, session: Int64), by key."""
    keys = rows.select(key=_key()).sort("key")
    silence = (pl.col("key") - pl.col("key").shift()).fill_null(_APART)
    starts = keys.select("key", first=silence > _APART // 2, begins=silence > longest).filter("begins")
    starts = starts.with_row_index("unit").cast({"unit": pl.UInt64})
    session = pl.col("unit") - pl.when("first").then("unit").forward_fill() + 1
    return starts.select("key", "unit", session=session.cast(pl.Int64))
