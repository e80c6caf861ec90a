"""Times written as text, by ISO 8601: `2026-01-31T09:30:00.123456+01:00` and its usual forms.

A form is a day (`2026-01-31`), then perhaps `T` or a blank, hours and minutes, perhaps seconds, perhaps a
fraction of 1 to 9 digits (rounded down to µs), then perhaps `Z`, `UTC`, `+01:00`, `+0100` or `+01`. Nothing
else is read and nothing is guessed. `any_form` reads every row by itself; `one_form` reads only the form of a
sample, several times as fast, and gives the same time where it gives one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

_YEAR = r"(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_DAY = rf"{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_MINUTE = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SECOND = r"[0-5][0-9]"
_FORM = (
    rf"^(?<day>{_DAY})"
    rf"(?:[Tt ](?<minute>{_MINUTE})(?::(?<second>{_SECOND})(?:[.,](?<fraction>[0-9]{{1,9}}))?)?"
    r"(?: ?(?:(?<utc>[Zz]|UTC)|(?<sign>[+-])(?<hours>[01][0-9]|2[0-3])(?::?(?<minutes>[0-5][0-9]))?))?)?$"
)
_PYTHON_FORM = re.compile(_FORM.replace("(?<", "(?P<")[:-1] + r"\Z")


@dataclass(frozen=True)
class Clock:
    """What a text says, in expressions that are null where it says nothing.

    `local` (Int64) is what the clock shows, as µs since its own 1970. `offset` (Int64 µs) is that clock's distance from
    UTC, null where a row names none. `zoned` tells whether a row may name one, `naive` whether one may name none.
    """

    local: pl.Expr
    offset: pl.Expr
    zoned: bool
    naive: bool


def is_time(text: str) -> bool:
    """Whether a text has one of the forms.

    >>> is_time("2026-01-31 09:30"), is_time("31/01/2026")
    (True, False)
    """
    return _PYTHON_FORM.match(text) is not None


def any_form(column: pl.Expr) -> Clock:
    """The clock of every row that has one of the forms."""
    parts = column.str.extract_groups(_FORM)

    def part(name: str) -> pl.Expr:
        return parts.struct.field(name)

    seconds = pl.concat_str(
        part("day"), pl.lit("T"), part("minute").fill_null("00:00"), pl.lit(":"), part("second").fill_null("00")
    )
    fraction = part("fraction").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64).fill_null(0)
    return Clock(
        local=_local(seconds, "T", fraction),
        offset=pl.when(part("utc").is_not_null())
        .then(pl.lit(0, pl.Int64))
        .otherwise(_offset(part("sign"), part("hours"), part("minutes").fill_null("0"))),
        zoned=True,
        naive=True,
    )


def one_form(column: pl.Expr, sample: str) -> Clock | None:
    """The clock of the rows that have the form of the sample; None when the sample has no form with fixed places."""
    form = _PYTHON_FORM.match(sample)
    if form is None or form["minute"] is None:
        return None
    blank = sample[10]
    end = form.end("fraction") if form["fraction"] else form.end("second") if form["second"] else form.end("minute")
    zone = sample[end:]
    if blank not in "T " or not re.fullmatch(r"|Z|[+-][0-9]{2}:[0-9]{2}", zone):
        return None
    digits = len(form["fraction"] or "")
    exact = (
        rf"^{_DAY}{blank}{_MINUTE}"
        + (rf":{_SECOND}" if form["second"] else "")
        + (rf"[.][0-9]{{{digits}}}" if digits else "")
        + ("[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]$" if len(zone) > 1 else f"{zone}$")
    )
    seconds = column.str.slice(0, 19) if form["second"] else pl.concat_str(column.str.slice(0, 16), pl.lit(":00"))
    fraction: pl.Expr | int = 0
    if digits:
        kept = min(digits, 6)
        fraction = column.str.slice(20, kept).cast(pl.Int64, strict=False) * 10 ** (6 - kept)
    offset = pl.lit(0, pl.Int64)
    if len(zone) > 1:
        offset = _offset(column.str.slice(end, 1), column.str.slice(end + 1, 2), column.str.slice(end + 4, 2))
    local = pl.when(column.str.contains(exact)).then(_local(seconds, blank, fraction))
    return Clock(local, offset, zoned=bool(zone), naive=not zone)


def _local(seconds: pl.Expr, blank: str, fraction: pl.Expr | int) -> pl.Expr:
    """What the clock shows, of a text to the second and a fraction in µs; null for a day that no month has."""
    whole = seconds.str.to_datetime(f"%Y-%m-%d{blank}%H:%M:%S", time_unit="us", strict=False)
    return whole.cast(pl.Int64) + fraction


def _offset(sign: pl.Expr, hours: pl.Expr, minutes: pl.Expr) -> pl.Expr:
    """The distance from UTC in µs."""
    distance = hours.cast(pl.Int64, strict=False) * 60 + minutes.cast(pl.Int64, strict=False)
    return pl.when(sign == "-").then(-distance).otherwise(distance) * 60_000_000
