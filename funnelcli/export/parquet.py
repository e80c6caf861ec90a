"""Parquet: the rows as typed columns. The same rows give the same bytes."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from funnelcli.export.rows import finite, flat

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from funnelcli.tables.table import Kind, Table, Value


def parquet_bytes(tables: Sequence[Table]) -> bytes:
    """The file: String, List of String, Int64, Float64, Boolean and Datetime (µs, UTC) columns, null for unknown."""
    import polars as pl

    fields, rows = flat(tables)
    columns = [
        pl.Series(name, [_stored(row[at]) for row in rows], _type(kind), strict=kind not in _FLOATS)
        for at, (name, kind) in enumerate(fields)
    ]
    out = BytesIO()
    pl.DataFrame(columns).write_parquet(out)
    return out.getvalue()


_FLOATS = frozenset({"rate", "seconds", "number", "estimate", "points", "p"})
"""Kinds whose values may be whole numbers in Python and are floats in the file."""


def _type(kind: Kind) -> pl.DataType:
    import polars as pl

    if kind in _FLOATS:
        return pl.Float64()
    if kind == "count":
        return pl.Int64()
    if kind == "flag":
        return pl.Boolean()
    if kind == "time":
        return pl.Datetime("us", "UTC")
    if kind == "list":
        return pl.List(pl.String)
    return pl.String()


def _stored(value: Value) -> object:
    """The value; a text with each lone surrogate, which UTF-8 cannot hold, as an escape."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, tuple):
        return [_stored(each) for each in value]
    return finite(value) if isinstance(value, float) else value
