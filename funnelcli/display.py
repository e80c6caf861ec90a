"""Words for values: the only place where a number becomes text that a person reads.

In: raw values as a Table holds them. Out: short text, the same for every format. Null is always `—`.
Rounding is half up on the decimal digits of the value (58.15 becomes 58.2). Rounding never says more
than is so: "0" only when none, "100" only when all.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

from funnelcli.errors import Bug

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from funnelcli.tables.table import Cell, Kind, Value

MISSING = "—"

_MINUTE, _HOUR, _DAY = 60, 3600, 86400

_ESCAPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control characters; format characters (bidi controls, zero-width ones, tags); surrogates; line and paragraph ends."""

_INVISIBLE_MARKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Marks and letters of other categories that Unicode gives no ink."""


def words(kind: Kind, value: Cell | Value, zone: tzinfo = UTC) -> str:
    """The words for a value of a kind; those of an instant are of the zone.

    >>> words("count", 1048), words("rate", 0.5), words("interval", (0.571, 0.592)), words("seconds", None)
    ('1,048', '50.0 %', '57.1–59.2 %', '—')
    """
    return time(value, zone) if isinstance(value, datetime) else _WORDS[kind](value)


def count(value: int | None) -> str:
    """A whole number with its thousands apart: `1,048`."""
    return MISSING if value is None else f"{value:,}"


def rate(value: float | None) -> str:
    """A share in 0..1 as percent, to one decimal.

    >>> [rate(share) for share in (0, 0.0001, 0.5815, 0.9997, 1)]
    ['0 %', '<0.1 %', '58.2 %', '>99.9 %', '100 %']
    """
    return MISSING if value is None else f"{_percent(value)} %"


def interval(limits: tuple[float, float] | None) -> str:
    """Two shares in 0..1 as one range of percent: `57.1–59.2 %`."""
    return MISSING if limits is None else f"{_percent(limits[0])}–{_percent(limits[1])} %"


def points(distance: float) -> str:
    """How far two shares in 0..1 are apart, in points of percent: `2.6 points`."""
    return f"{_percent(distance)} points"


def difference(value: float | None) -> str:
    """The difference of two shares, in -1..1, in points of percent with its sign: `+12.3 pts`.

    >>> [difference(each) for each in (0.123, -0.05, 0, 0.0001, -0.0001, 1)]
    ['+12.3 pts', '−5.0 pts', '0 pts', '<+0.1 pts', '>−0.1 pts', '+100 pts']
    """
    return MISSING if value is None else f"{_signed(value)} pts"


def differences(limits: tuple[float, float] | None) -> str:
    """Two differences of shares as one range of points of percent: `−1.2 to +3.4`."""
    return MISSING if limits is None else f"{_signed(limits[0])} to {_signed(limits[1])}"


def p_value(value: float | None) -> str:
    """A p-value, to three decimals under 0.1 and to two from there; never on the wrong side of 0.05.

    >>> [p_value(each) for each in (0.0001, 0.0042, 0.0496, 0.05, 0.0502, 0.25, 0.997)]
    ['<0.001', '0.004', '<0.05', '0.050', '>0.05', '0.25', '>0.99']
    """
    if value is None:
        return MISSING
    if not 0 <= value <= 1:
        raise Bug(f"{value!r} is not a p-value")
    exact = Decimal(repr(value))
    if exact < Decimal("0.001"):
        return "<0.001"
    if exact > Decimal("0.99"):
        return ">0.99"
    short = _rounded(exact, "0.001")
    level = Decimal("0.05")
    if short == level != exact:
        return "<0.05" if exact < level else ">0.05"
    return f"{short if short < Decimal('0.1') else _rounded(exact, '0.01')}"


def line(shares: Sequence[float | None] | None) -> str:
    """The lowest and the highest of the shares that are known, as one range of percent."""
    known = [share for share in shares or () if share is not None]
    return interval((min(known), max(known)) if known else None)


def seconds(value: float | None) -> str:
    """A duration, not negative, in its two largest units.

    >>> [seconds(each) for each in (0, 0.0001, 0.35, 7.25, 60, 192, 187_200, 31_536_000)]
    ['0 s', '<1 ms', '350 ms', '7.3 s', '1 min', '3 min 12 s', '2 d 4 h', '365 d']
    """
    if value is None:
        return MISSING
    if not (isfinite(value) and value >= 0):
        raise Bug(f"{value!r} is not a duration")
    exact = Decimal(repr(value))
    if exact == 0:
        return "0 s"
    if (short := _rounded(exact, "0.001")) < 1:
        return f"{short * 1000:.0f} ms" if short else "<1 ms"
    if (short := _rounded(exact, "0.1")) < _MINUTE:
        return f"{short}".removesuffix(".0") + " s"
    if (whole := _rounded(exact)) < _HOUR:
        return _two_units(int(whole), 60, "min", "s")
    if (whole := _rounded(exact / _MINUTE)) < _DAY // _MINUTE:
        return _two_units(int(whole), 60, "h", "min")
    if (whole := _rounded(exact / _HOUR)) < 100 * _DAY // _HOUR:
        return _two_units(int(whole), 24, "d", "h")
    return f"{_rounded(exact / _DAY):,} d"


def clock(value: timedelta) -> str:
    """A duration, not negative, in full, as a clock shows it.

    >>> clock(timedelta(minutes=3, seconds=12)), clock(timedelta(days=2, hours=1, microseconds=500))
    ('00:03:12', '2 d 01:00:00.000500')
    """
    rest = value - timedelta(days=value.days)
    shown = str(rest).zfill(8 if rest.microseconds == 0 else 15)
    return f"{value.days} d {shown}" if value.days else shown


def time(value: datetime | None, zone: tzinfo = UTC) -> str:
    """An instant as a person in `zone` writes it, seconds and their fraction only where they are not zero.

    >>> time(datetime(2026, 1, 1, tzinfo=UTC)), time(datetime(2026, 1, 1, 9, 30, 5, tzinfo=UTC))
    ('2026-01-01 00:00', '2026-01-01 09:30:05')
    """
    if value is None:
        return MISSING
    if value.tzinfo is None:
        raise Bug(f"{value!r} is not an instant")
    local = value.astimezone(zone).replace(tzinfo=None)
    detail = "microseconds" if local.microsecond else "seconds" if local.second else "minutes"
    return local.isoformat(" ", detail)


def number(value: float | None) -> str:
    """Any other number: whole ones in full, others to two decimals, small ones to three digits.

    >>> [number(each) for each in (1048, 1234.5, 0.5, 0.00123, -2)]
    ['1,048', '1,234.50', '0.500', '0.00123', '-2']
    """
    if value is None:
        return MISSING
    if not isfinite(value):
        raise Bug(f"{value!r} is not a number")
    exact = Decimal(repr(value))
    if exact == exact.to_integral_value():
        return f"{exact.to_integral_value():,f}"
    if abs(exact) >= 1:
        return f"{_rounded(exact, '0.01'):,f}"
    digits = _rounded(exact.scaleb(-exact.adjusted() - 1), "0.001").scaleb(exact.adjusted() + 1)
    return f"{digits:f}" if exact.adjusted() >= -6 else f"{digits:.2e}"


def estimate(value: float | None) -> str:
    """A number that nobody counted: from ten on whole, under it to one decimal.

    >>> [estimate(each) for each in (0, 0.02, 3.14, 9.96, 1234.5, -2.5)]
    ['0', '<0.1', '3.1', '10', '1,235', '−2.5']
    """
    if value is None:
        return MISSING
    if not isfinite(value):
        raise Bug(f"{value!r} is not a number")
    size = abs(Decimal(repr(value)))
    sign = "−" if value < 0 else ""
    if size == 0:
        return "0"
    if (short := _rounded(size, "0.1")) < 10:
        return f"{sign}{short}" if short else f"{'>−' if sign else '<'}0.1"
    return f"{sign}{_rounded(size):,}"


def flag(value: bool | None) -> str:
    """Yes or no."""
    return MISSING if value is None else "yes" if value else "no"


def text(value: str | None) -> str:
    """A name or a sentence, harmless (see `printable`); quoted if there would be nothing to see."""
    if value is None:
        return MISSING
    return printable(value) if value.strip() else f'"{printable(value)}"'


def listed(values: Sequence[str | None] | None) -> str:
    """Texts side by side; one that would not be told from its neighbours, or from none, is quoted.

    >>> print(listed(("email", None, "(none)", "a, b")))
    email, (none), "(none)", "a, b"
    """
    if values is None:
        return MISSING
    return ", ".join(
        "(none)" if value is None else f'"{printable(value)}"' if value == "(none)" or ", " in value else text(value)
        for value in values
    )


def printable(value: str) -> str:
    r"""The text with every character that would act or hide, instead of being seen, as a visible escape.

    These are control characters (ESC, NUL, line ends and tabs among them), bidi and other format
    characters, zero-width ones and lone surrogates. All else, of any script, stays as it is.

    >>> print(printable("a\x1b[31m\nb\u202ec"))
    a\x1b[31m\nb\u202ec
    """
    if value.isascii() and value.isprintable():
        return value
    return "".join(_visible(character) if _hides(character) else character for character in value)


def _percent(share: float) -> str:
    if not 0 <= share <= 1:
        raise Bug(f"{share!r} is not a share")
    if share in {0, 1}:
        return "100" if share else "0"
    tenths = _rounded(Decimal(repr(share)) * 100, "0.1")
    return "<0.1" if tenths == 0 else ">99.9" if tenths == 100 else f"{tenths}"


def _signed(difference: float) -> str:
    size = _percent(abs(difference))
    if difference == 0:
        return size
    sign = "+" if difference > 0 else "−"
    if size[0] in "<>":
        # What is nearer to nought than a tenth, or nearer to all than that, is so on its own side.
        return f"{'<' if (size[0] == '<') == (difference > 0) else '>'}{sign}{size[1:]}"
    return f"{sign}{size}"


def _rounded(value: Decimal, step: str = "1") -> Decimal:
    return value.quantize(Decimal(step), ROUND_HALF_UP)


def _two_units(value: int, size: int, large: str, small: str) -> str:
    many, few = divmod(value, size)
    return f"{many} {large} {few} {small}" if few else f"{many} {large}"


def _hides(character: str) -> bool:
    return unicodedata.category(character) in _ESCAPED_CATEGORIES or character in _INVISIBLE_MARKS


def _visible(character: str) -> str:
    short = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
    point = ord(character)
    return short.get(character) or (
        f"\\x{point:02x}" if point <= 0xFF else f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
    )


_WORDS: dict[Kind, Callable[[Any], str]] = {
    "text": text,
    "list": listed,
    "count": count,
    "rate": rate,
    "interval": interval,
    "bar": rate,
    "sparkline": line,
    "seconds": seconds,
    "time": time,
    "number": number,
    "estimate": estimate,
    "points": difference,
    "points_interval": differences,
    "p": p_value,
    "flag": flag,
}
