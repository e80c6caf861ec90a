"""What the columns of a log hold, in a word each: of Parquet its type, of text files what every cell reads as.

This is only said to a person; the loader reads text files as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from funnelcli.events.iso import any_form
from funnelcli.events.scan import Scan, collected

_SAMPLE = 1000

_INTEGER = "(0|[1-9][0-9]*)"
"""A number without leading zeros: what has some is a name."""

_READINGS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "boolean": lambda cell: cell.str.contains("^(?i:true|false)$"),
    "integer": lambda cell: cell.str.contains(f"^[+-]?{_INTEGER}$"),
    "number": lambda cell: cell.str.contains(rf"^[+-]?({_INTEGER}([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$"),
    "time": lambda cell: cell.is_null() | any_form(cell).local.is_not_null(),
}


def column_types(scan: Scan, names: Sequence[str]) -> dict[str, str]:
    """The type of each of these columns, which hold a value at least, in a word."""
    if not scan.text:
        return {name: _word(scan[name][1]) for name in names}
    # A look at the first rows spares most readings of all of them.
    likely = _fitting(scan, scan.frame.head(_SAMPLE), dict.fromkeys(names, tuple(_READINGS)))
    fitting = _fitting(scan, scan.frame, likely)
    return {name: (*fitting[name], "text")[0] for name in names}


def _fitting(scan: Scan, frame: pl.LazyFrame, asked: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Of the readings asked for, by column, those that every value has."""
    pairs = [(name, word) for name, words in asked.items() for word in words]
    if not pairs:
        return {name: [] for name in asked}
    tests = [_READINGS[word](scan[name][0]).all().alias(str(place)) for place, (name, word) in enumerate(pairs)]
    fits = dict(zip(pairs, collected(frame.select(tests), scan.sources).row(0), strict=True))
    return {name: [word for word in words if fits[name, word]] for name, words in asked.items()}


def _word(dtype: pl.DataType) -> str:
    """A type in a word."""
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return "text"
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "number"
    return type(dtype).__name__.lower()
