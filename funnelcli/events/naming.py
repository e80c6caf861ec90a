"""Units as whole numbers: equal exactly when the unit is the same.

A column of integers is its own number. Text that is alike but for a whole number at its end (`user-007`, `42`) becomes
that number, where no two texts can share one. Other text (and several columns together) becomes a seeded hash,
and then every name is checked against its hash; should two names ever share one, the names are numbered instead. The
numbers mean nothing beyond equality: they are not the same in another version of the engine, and no report shows them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.events.where import fits, text

if TYPE_CHECKING:
    from funnelcli.events.scan import Scan

_SEED = 0x66756E6E656C
_DIGITS = "0123456789"


def whole(scans: Sequence[Scan], columns: Sequence[str]) -> bool:
    """Whether the unit is one column of integers in every file, of one sign."""
    if len(columns) != 1:
        return False
    types = [scan[columns[0]][1] for scan in scans]
    return all(dtype.is_signed_integer() and dtype != pl.Int128 for dtype in types) or all(
        dtype.is_unsigned_integer() and dtype != pl.UInt128 for dtype in types
    )


def number(scan: Scan, column: str) -> pl.Expr:
    """A column of integers as UInt64, null where it is null."""
    cell, dtype = scan[column]
    return cell.cast(pl.Int64).reinterpret(signed=False) if dtype.is_signed_integer() else cell.cast(pl.UInt64)


def name(scan: Scan, columns: Sequence[str]) -> pl.Expr:
    """The unit as one text, null where one of its columns is; different units have different texts."""
    return joined([text(*scan[column]) for column in columns])


def joined(texts: Sequence[pl.Expr]) -> pl.Expr:
    """Several texts as one, null where one of them is; different texts give different ones."""
    if len(texts) == 1:
        return texts[0]
    return pl.concat_str([part for each in texts for part in (each.str.len_bytes().cast(pl.String), pl.lit(":"), each)])


def among(scan: Scan, column: str, ids: Collection[str]) -> pl.Expr:
    """Where a unit column is one of these texts, asked in the column's own type so that a scan can skip the rest."""
    cell, dtype = scan[column]
    if dtype.is_integer():
        numbers = [int(each) for each in ids if re.fullmatch(r"0|-?[1-9][0-9]{0,38}", each)]
        return cell.is_in(pl.Series([each for each in numbers if fits(each, dtype)], dtype=dtype).implode())
    return text(cell, dtype).is_in(list(ids))


def numbered(names: pl.Series) -> pl.Series:
    """A number for each name, none null, the same for equal names alone (UInt64)."""
    numbers = _endings(names)
    return exact(names, names.hash(_SEED)) if numbers is None else numbers


def exact(names: pl.Series, hashes: pl.Series) -> pl.Series:
    """The hashes if no two names share one, else the position of each name in the sorted order of names (UInt64)."""
    pairs = pl.LazyFrame([hashes.alias("hash"), names.alias("name")]).unique().collect()
    if pairs["hash"].n_unique() == pairs.height:
        return hashes
    return names.rank("dense").cast(pl.UInt64)


def _endings(names: pl.Series) -> pl.Series | None:
    """The number that each name ends in (UInt64), if before it all are alike and no two write the same number.

    What the first and the last name in the order of texts begin with, all begin with. Where the first goes on with a
    digit none goes on with a sign. So two texts of one number differ in leading zeros only.
    """
    low, high = names.min(), names.max()
    if not isinstance(low, str) or not isinstance(high, str):
        return None
    prefix = "".join(one for one, other in takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False)))
    prefix = prefix.rstrip(_DIGITS)
    if not all(rest and set(rest) <= set(_DIGITS) for rest in (low[len(prefix) :], high[len(prefix) :])):
        return None
    rest = pl.col("name").str.strip_prefix(prefix)
    size = rest.str.len_bytes()
    frame = pl.LazyFrame([names.alias("name")])
    if not frame.select((size.min() == size.max()) | ~(rest.str.starts_with("0") & (size > 1)).any()).collect().item():
        return None
    numbers = frame.select(rest.cast(pl.UInt64, strict=False)).collect().to_series()
    return None if numbers.null_count() else numbers
