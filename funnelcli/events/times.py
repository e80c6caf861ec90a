"""Times of every kind to UTC microseconds.

In comes a column with its type and what the funnel says about it; out comes a `Reading`, expressions that give
Int64 µs since 1970 in UTC, null where a row has no time that can be read. Nothing is guessed: text is ISO 8601
(`iso`) or the funnel's format, numbers need a unit. A time without a zone is read in the funnel's timezone; in
the hour that the clocks skip it is not a time, in the hour they repeat it is the earlier one. ns are rounded
down. The years 0001 to 9999 are times.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.errors import ConfigError, DataError
from funnelcli.events.iso import Clock, any_form, one_form
from funnelcli.events.messages import shown

if TYPE_CHECKING:
    from funnelcli.config.funnel import Columns, TimeUnit

FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The first microsecond of year 1 and the last of year 9999."""

DAY = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_SECOND: dict[str, int] = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_NUMBER = r"^(?<sign>[+-]?)(?<whole>[0-9]{1,19})(?:\.(?<fraction>[0-9]*))?$"


Outside = Callable[[int, int], pl.Expr | None]


@dataclass(frozen=True)
class Reading:
    """How one column is read.

    `time` gives µs for every row that can be read. `quick` gives the same or null, in less time; where it is null
    and the column is not, `time` decides; None when `time` is quick itself. `repeated` is true where a time without a
    zone stands in an hour that the clocks repeat; None when that cannot be. `outside(low, high)` is true for
    every row whose time may lie outside low..high (µs), in the column's own type, so that a scan can skip
    the rest unread; None when it cannot be told without reading the time.
    """

    time: pl.Expr
    quick: pl.Expr | None
    repeated: pl.Expr | None
    outside: Outside | None


def reading(column: pl.Expr, dtype: pl.DataType, columns: Columns, timezone: str, sample: str | None) -> Reading:
    """How a column of this type is read; `sample` is one of its texts, None when it has none.

    Raises: DataError for a type that is no time, and for numbers without a unit; ConfigError for a bad format.
    """
    name = shown(columns.timestamp)
    if dtype.is_integer() and columns.time_format is not None:
        return _formatted(column.cast(pl.String), columns.time_format, timezone)
    if isinstance(dtype, pl.Date | pl.Datetime):
        return _calendar(column, dtype, timezone)
    if dtype.is_numeric():
        if columns.time_unit is None:
            raise DataError(f"column {name} holds numbers; set columns.timestamp.unit to s, ms, us or ns")
        return _numbers(column, dtype, columns.time_unit)
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return _texts(column if dtype == pl.String else column.cast(pl.String), columns, timezone, sample)
    if dtype == pl.Null:
        return Reading(column.cast(pl.Int64), None, None, None)
    raise DataError(
        f"column {name} has the type {dtype}, which is no time; name the times' column in columns.timestamp"
    )


def _calendar(column: pl.Expr, dtype: pl.Date | pl.Datetime, timezone: str) -> Reading:
    """The reading of dates and datetimes."""
    if isinstance(dtype, pl.Date):
        days = column.to_physical().cast(pl.Int64)
        return _naive(_kept(days, FIRST // DAY, LAST // DAY) * DAY, timezone, _date_outside(column))
    stamps = _scaled(column.to_physical(), dtype.time_unit)
    if dtype.time_zone is None:
        return _naive(stamps, timezone, _stamp_outside(column, dtype, dtype.time_unit, 2 * DAY))
    return Reading(stamps, None, None, _stamp_outside(column, dtype, dtype.time_unit, 0))


def _texts(texts: pl.Expr, columns: Columns, timezone: str, sample: str | None) -> Reading:
    """The reading of texts: by the funnel's format, as numbers of its unit, else by ISO 8601."""
    if columns.time_format is not None:
        return _formatted(texts, columns.time_format, timezone)
    if columns.time_unit is not None:
        quick = _scaled(texts.cast(pl.Int64, strict=False), columns.time_unit)
        return Reading(_epoch_texts(texts, columns.time_unit), quick, None, None)
    return _iso(texts, timezone, sample)


def known(timezone: str) -> None:
    """Nothing; raises ConfigError when the engine does not know the timezone."""
    try:
        pl.Series([0]).cast(pl.Datetime("us")).dt.replace_time_zone(timezone)
    except pl.exceptions.PolarsError as error:
        raise ConfigError(
            f"timezone: {shown(timezone)} is not a time zone; write a name such as Europe/Stockholm"
        ) from error


def masked(text: str) -> str:
    """What a text looks like, without what it says: digits as 9, letters as a, at most 40 characters.

    >>> masked("31/12/2026 10:00 PM")
    '99/99/9999 99:99 aa'
    """
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", shown(text)))[:40]


def hint(text: str) -> str:
    """What to set for a column of times that look like this text.

    >>> hint("1767225600000")
    'set columns.timestamp.unit, probably to ms'
    """
    if re.fullmatch(r"[0-9]{9,19}", text):
        unit = "s" if len(text) < 12 else "ms" if len(text) < 15 else "us" if len(text) < 18 else "ns"
        return f"set columns.timestamp.unit, probably to {unit}"
    return 'set columns.timestamp.format, such as "%d/%m/%Y %H:%M"'


def _iso(texts: pl.Expr, timezone: str, sample: str | None) -> Reading:
    """The reading of texts in ISO 8601."""
    full, form = any_form(texts), one_form(texts, sample) if sample else None
    return Reading(
        time=_instant(full, timezone),
        quick=None if form is None else _instant(form, timezone),
        repeated=None if timezone == "UTC" else full.offset.is_null() & _repeated(full.local, timezone),
        outside=_text_outside(texts),
    )


def _instant(clock: Clock, timezone: str) -> pl.Expr:
    """The UTC µs of a clock. What it shows lies in the years 1 to 9999; what that is in UTC need not."""
    if not clock.zoned:
        return clock.local if timezone == "UTC" else _kept(_placed(clock.local, timezone), FIRST, LAST)
    there = clock.local - clock.offset
    if clock.naive:
        there = pl.when(clock.offset.is_null()).then(_placed(clock.local, timezone)).otherwise(there)
    return _kept(there, FIRST, LAST)


def _naive(local: pl.Expr, timezone: str, outside: Outside | None) -> Reading:
    """The reading of what a clock in the timezone shows (Int64 µs)."""
    repeated = None if timezone == "UTC" else _repeated(local, timezone)
    return Reading(_kept(_placed(local, timezone), FIRST, LAST), None, repeated, outside)


def _placed(local: pl.Expr, timezone: str) -> pl.Expr:
    """UTC µs of what a clock in the timezone shows (Int64 µs): null where it was skipped, the earlier if repeated."""
    if timezone == "UTC":
        return local
    clock = local.cast(pl.Datetime("us"))
    return clock.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null").cast(pl.Int64)


def _repeated(local: pl.Expr, timezone: str) -> pl.Expr:
    """Whether the clocks of the timezone show this (Int64 µs) twice."""
    clock = local.cast(pl.Datetime("us"))
    first = clock.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    second = clock.dt.replace_time_zone(timezone, ambiguous="latest", non_existent="null")
    return (first != second).fill_null(False)


def _formatted(texts: pl.Expr, form: str, timezone: str) -> Reading:
    """The reading of texts in the funnel's own format (chrono's strftime). A year has four digits."""
    try:
        kind = pl.Series([], dtype=pl.String).str.to_datetime(form, time_unit="us", strict=False).dtype
        bad = "%Z" in form.replace("%%", "")
    except pl.exceptions.PolarsError:
        bad = True
    if bad:
        raise ConfigError(
            f"columns.timestamp.format: {shown(form)!r} does not read a time;"
            ' write one such as "%d/%m/%Y %H:%M", with %z for the offset from UTC'
        )
    read = texts.str.to_datetime(form, time_unit="us", strict=False)
    stamps = pl.when(read.dt.year() >= 1000).then(read.cast(pl.Int64))
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        return Reading(_kept(stamps, FIRST, LAST), None, None, None)
    return _naive(_kept(stamps, FIRST, LAST), timezone, None)


def _numbers(column: pl.Expr, dtype: pl.DataType, unit: TimeUnit) -> Reading:
    """The reading of a number column of epoch times."""
    if dtype.is_integer():
        return Reading(_scaled(column, unit), None, None, _stamp_outside(column, dtype, unit, 0))
    if dtype.is_decimal():
        return Reading(_epoch_texts(column.cast(pl.String), unit), None, None, None)
    return Reading(_from_float(column, unit), None, None, None)


def _scaled(number: pl.Expr, unit: str) -> pl.Expr:
    """µs of a whole number in this unit, rounded down."""
    per_second = _PER_SECOND[unit]
    if per_second > 1_000_000:
        return number.cast(pl.Int64, strict=False) // (per_second // 1_000_000)
    times = 1_000_000 // per_second
    return _kept(number.cast(pl.Int64, strict=False), -(-FIRST // times), LAST // times) * times


def _from_float(number: pl.Expr, unit: str) -> pl.Expr:
    """µs of a float in this unit: the nearest µs if the float cannot tell it from that, else rounded down."""
    exact = number.cast(pl.Float64) * 1_000_000 / _PER_SECOND[unit]
    exact = pl.when(exact.is_between(float(FIRST), float(LAST))).then(exact)
    nearest = exact.round()
    same = (exact - nearest).abs() <= exact.abs() * 2.0**-52
    return _kept(pl.when(same).then(nearest).otherwise(exact.floor()).cast(pl.Int64), FIRST, LAST)


def _epoch_texts(texts: pl.Expr, unit: str) -> pl.Expr:
    """µs of numbers written as text: exact where they are written in digits, else read as floats (`1.7e9`)."""
    parts = texts.str.extract_groups(_NUMBER)
    whole = parts.struct.field("whole").cast(pl.Int128)
    fraction = parts.struct.field("fraction").fill_null("").str.pad_end(9, "0").str.slice(0, 9).cast(pl.Int128)
    nano = whole * 10**9 + fraction
    signed = nano * pl.when(parts.struct.field("sign") == "-").then(-1).otherwise(1)
    stamps = (signed // (10**3 * _PER_SECOND[unit])).cast(pl.Int64, strict=False)
    floats = _from_float(texts.cast(pl.Float64, strict=False), unit)
    return _kept(pl.when(whole.is_not_null()).then(stamps).otherwise(floats), FIRST, LAST)


def _kept(number: pl.Expr, low: int, high: int) -> pl.Expr:
    """The number where it lies in low..high, else null."""
    return pl.when(number.is_between(low, high)).then(number)


def _stamp_outside(column: pl.Expr, dtype: pl.DataType, unit: str, slack: int) -> Outside:
    """`outside` for a column of whole numbers or datetimes; `slack` µs is how far its zone may be from UTC."""

    def outside(low: int, high: int) -> pl.Expr | None:
        low, high = low + slack, high - slack
        if low > high:
            return None
        per_second = _PER_SECOND[unit]
        if per_second > 1_000_000:
            times = per_second // 1_000_000
            first, last = low * times, high * times + times - 1
        else:
            times = 1_000_000 // per_second
            first, last = -(-low // times), high // times
        if first < -(2**63) or last >= 2**63:
            return None
        if isinstance(dtype, pl.Datetime):
            return (column < pl.lit(first, pl.Int64).cast(dtype)) | (column > pl.lit(last, pl.Int64).cast(dtype))
        return (column < pl.lit(first, pl.Int64)) | (column > pl.lit(last, pl.Int64))

    return outside


def _date_outside(column: pl.Expr) -> Outside:
    """`outside` for a column of dates."""

    def outside(low: int, high: int) -> pl.Expr | None:
        days = _days(low, high)
        return None if days is None else (column < pl.lit(days[0].date())) | (column >= pl.lit(days[1].date()))

    return outside


def _text_outside(column: pl.Expr) -> Outside:
    """`outside` for texts that begin with the day: those stand in the order of their days."""

    def outside(low: int, high: int) -> pl.Expr | None:
        days = _days(low, high)
        if days is None:
            return None
        return (column < f"{days[0]:%Y-%m-%d}".zfill(10)) | (column >= f"{days[1]:%Y-%m-%d}".zfill(10))

    return outside


def _days(low: int, high: int) -> tuple[datetime, datetime] | None:
    """The days, from the first to before the second, that lie inside low..high in every zone; None for none."""
    try:
        first = _EPOCH + timedelta(microseconds=low, days=2)
        last = _EPOCH + timedelta(microseconds=high) - timedelta(days=1)
    except OverflowError:
        return None
    return (first, last) if first < last else None
