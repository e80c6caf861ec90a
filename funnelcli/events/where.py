"""Conditions on columns, as expressions.

In comes a `Condition` and the column it is about, with its type; out comes a Boolean expression that is null
or false where the condition does not hold. A text compares with the column as text, a number with the column
read as a number (what cannot be read is null), true and false with those words in any case. Null satisfies
`ne`, `not_in` and `is_null: true` and nothing else. Whole numbers compare exactly, of any size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.errors import ConfigError
from funnelcli.events.messages import gist, shown

if TYPE_CHECKING:
    from funnelcli.config.funnel import Condition, Scalar

_INT128 = 2**127 - 1
_NOTHING = pl.lit(None, dtype=pl.Boolean)


def holds(condition: Condition, column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Where the condition holds (Boolean, null for false). Raises ConfigError for a bad regular expression."""
    operator, operand = condition.operator, condition.operand
    operands = operand if isinstance(operand, tuple) else (operand,)
    match operator:
        case "eq" | "in":
            return _equal(column, dtype, operands)
        case "ne" | "not_in":
            return _equal(column, dtype, operands).fill_null(False).not_()
        case "is_null":
            return column.is_null() if operands[0] else column.is_not_null()
        case "gt" | "ge" | "lt" | "le":
            return _compared(column, dtype, operator, operands[0])
        case "contains":
            return text(column, dtype).str.contains(_word(operands[0]), literal=True)
        case "starts_with":
            return text(column, dtype).str.starts_with(_word(operands[0]))
        case "ends_with":
            return text(column, dtype).str.ends_with(_word(operands[0]))
        case "matches":
            return text(column, dtype).str.contains(_pattern(condition, _word(operands[0])))


def text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The column as text (String, null stays null): 7 is `7`, 7.5 is `7.5`, true is `true`, a date is `2026-01-31`."""
    return column if dtype == pl.String else column.cast(pl.String)


def _equal(column: pl.Expr, dtype: pl.DataType, operands: Sequence[Scalar]) -> pl.Expr:
    """Where the column equals any of the operands."""
    words = [value for value in operands if isinstance(value, str)]
    truths = [_word(value) for value in operands if isinstance(value, bool)]
    numbers = [value for value in operands if isinstance(value, int | float) and not isinstance(value, bool)]
    tests = [_compared(column, dtype, "eq", number) for number in numbers]
    if len(words) == 1:
        tests.append(text(column, dtype) == words[0])
    elif words:
        tests.append(text(column, dtype).is_in(words))
    if truths:
        tests.append(text(column, dtype).str.to_lowercase().is_in(truths))
    return pl.any_horizontal(tests) if tests else _NOTHING


def _compared(column: pl.Expr, dtype: pl.DataType, operator: str, operand: Scalar) -> pl.Expr:
    """Where the column stands in this order to the operand."""
    if isinstance(operand, str):
        return _ordered(text(column, dtype), operator, pl.lit(operand))
    if operand is None:
        return _NOTHING
    if isinstance(operand, bool):
        return _ordered(text(column, dtype).str.to_lowercase(), operator, pl.lit(_word(operand)))
    if isinstance(operand, float) and not math.isfinite(operand):
        return _NOTHING if math.isnan(operand) else _ordered(_float(column, dtype), operator, pl.lit(operand))
    if dtype.is_integer():
        return _against_integer(column, dtype, operator, operand)
    if dtype.is_float():
        return _ordered(_float(column, dtype), operator, pl.lit(float(operand)))
    whole = text(column, dtype).cast(pl.Int128, strict=False)
    return (
        pl.when(whole.is_not_null())
        .then(_against_integer(whole, pl.Int128(), operator, operand))
        .otherwise(_ordered(_float(column, dtype), operator, pl.lit(float(operand))))
    )


def _against_integer(column: pl.Expr, dtype: pl.DataType, operator: str, operand: float) -> pl.Expr:
    """Where a column of integers stands in this order to a number, without rounding either."""
    if operand != math.floor(operand):  # x > 2.5 is x > 2, x >= 2.5 is x >= 3
        if operator == "eq":
            return pl.when(column.is_not_null()).then(False)
        operand = math.floor(operand) if operator in ("gt", "le") else math.ceil(operand)
    whole = int(operand)
    if abs(whole) > _INT128:
        above = whole > 0
        return pl.when(column.is_not_null()).then(operator in (("lt", "le") if above else ("gt", "ge")))
    if fits(whole, dtype):
        return _ordered(column, operator, pl.lit(whole, dtype=dtype))
    return _ordered(column.cast(pl.Int128), operator, pl.lit(whole, dtype=pl.Int128))


def fits(number: int, dtype: pl.DataType) -> bool:
    """Whether an integer type holds the number."""
    bits = int(str(dtype).removeprefix("U").removeprefix("Int"))
    low, high = (-(1 << bits - 1), 1 << bits - 1) if dtype.is_signed_integer() else (0, 1 << bits)
    return low <= number < high


def _float(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The column as floats, null where it cannot be read as a finite number (a float column keeps its infinities)."""
    if dtype.is_float():
        return column.fill_nan(None)
    if dtype.is_decimal():
        return column.cast(pl.Float64)
    number = text(column, dtype).cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def _ordered(left: pl.Expr, operator: str, right: pl.Expr) -> pl.Expr:
    """The comparison itself."""
    match operator:
        case "eq":
            return left == right
        case "gt":
            return left > right
        case "ge":
            return left >= right
        case "lt":
            return left < right
        case _:
            return left <= right


def _word(value: Scalar) -> str:
    """A scalar as the text that YAML would write for it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pattern(condition: Condition, pattern: str) -> str:
    """The regular expression, once it is known to be one."""
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError as error:
        raise ConfigError(
            f"where: column {shown(condition.column)}: {shown(pattern)!r} is not a regular expression"
            f" ({_reason(error)})"
        ) from error
    return pattern


def _reason(error: Exception) -> str:
    """What is wrong with a regular expression: the line of the message that begins with `error:`."""
    for line in str(error).splitlines():
        if line.startswith("error: "):
            return shown(line.removeprefix("error: "))
    return gist(error)
