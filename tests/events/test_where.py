from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING

import polars as pl
import pytest

from funnelcli.errors import ConfigError
from funnelcli.events.where import holds
from tests.events.building import condition

if TYPE_CHECKING:
    from funnelcli.config.funnel import Operator, Scalar

BIG = 2**63 - 1


def kept(values: list[object] | pl.Series, operator: Operator, operand: Scalar | tuple[Scalar, ...]) -> list[object]:
    """The values that satisfy the condition."""
    series = pl.Series(values, strict=False)
    frame = series.alias("x").to_frame()
    found = frame.lazy().filter(holds(condition("x", operator, operand), pl.col("x"), series.dtype)).collect()
    return found["x"].to_list()


@pytest.mark.parametrize(
    "operator", ["eq", "in", "gt", "ge", "lt", "le", "contains", "starts_with", "ends_with", "matches"]
)
@pytest.mark.parametrize(
    "values", [[None, None], [None], pl.Series([None], dtype=pl.Int64), pl.Series([None], dtype=pl.String)]
)
def test_null_satisfies_no_condition_but_three(values: list[object] | pl.Series, operator: Operator) -> None:
    operand: Scalar | tuple[Scalar, ...] = ("a", 1, True) if operator == "in" else "a"
    assert kept(values, operator, operand) == []
    assert kept(values, "ne", "a") == kept(values, "not_in", ("a", 1)) == kept(values, "is_null", True) == list(values)
    assert kept(values, "is_null", False) == []


def test_text_compares_as_text_and_case_matters() -> None:
    words = ["SE", "se", "DK", "", None, "007"]
    assert kept(words, "eq", "SE") == ["SE"]
    assert kept(words, "ne", "SE") == ["se", "DK", "", None, "007"]
    assert kept(words, "in", ("SE", "DK")) == ["SE", "DK"]
    assert kept(words, "not_in", ("SE", "DK")) == ["se", "", None, "007"]
    assert kept(words, "gt", "SE") == ["se"]
    assert kept(words, "le", "DK") == ["DK", "", "007"]
    assert kept(words, "eq", "7") == []


def test_a_number_compares_with_text_that_is_read_as_a_number() -> None:
    texts = ["7", "007", "7.0", "+7", "7e0", "8", " 7", "seven", "", "nan", "inf", None]
    assert kept(texts, "eq", 7) == kept(texts, "eq", 7.0) == ["7", "007", "7.0", "+7", "7e0"]
    assert kept(texts, "gt", 7) == ["8"]
    assert kept(texts, "ge", 7.5) == ["8"]
    assert kept(texts, "lt", 100) == ["7", "007", "7.0", "+7", "7e0", "8"]
    assert kept(texts, "ne", 7) == ["8", " 7", "seven", "", "nan", "inf", None]


@pytest.mark.parametrize("dtype", [pl.String, pl.Int64, pl.UInt64, pl.Int128])
def test_big_whole_numbers_compare_exactly(dtype: type[pl.DataType]) -> None:
    numbers = pl.Series([2**53, 2**53 + 1, 2**53 + 2, BIG - 1, BIG], dtype=pl.Int128).cast(dtype)
    for operator, operand in product(
        ("eq", "gt", "ge", "lt", "le"), (2**53 + 1, BIG, BIG + 1, 2**64, -1, 10**40, -(10**40))
    ):
        found = [int(str(each)) for each in kept(numbers, operator, operand)]
        test = {"eq": int.__eq__, "gt": int.__gt__, "ge": int.__ge__, "lt": int.__lt__, "le": int.__le__}[operator]
        assert found == [each for each in map(int, numbers.cast(pl.Int128)) if test(each, operand)]


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt8, pl.Int64, pl.Float64, pl.Float32, pl.String, pl.Decimal(10, 2)])
def test_fractions_compare_with_every_type_of_number(dtype: pl.DataType) -> None:
    numbers = pl.Series([1, 2, 3, 4]).cast(dtype)

    def found(operator: Operator, operand: float) -> list[int]:
        return [int(float(str(each))) for each in kept(numbers, operator, operand)]

    assert found("gt", 2.5) == found("ge", 2.5) == [3, 4]
    assert found("lt", 2.5) == found("le", 2.5) == [1, 2]
    assert found("eq", 2.5) == found("gt", 1e300) == []
    assert found("ne", 2.5) == found("lt", 1e300) == [1, 2, 3, 4]
    assert found("in", 3) == [3]


def test_nan_is_like_null() -> None:
    floats = [float("nan"), 1.5, float("inf"), None]
    assert kept(floats, "gt", 1) == [1.5, float("inf")]
    assert kept(floats, "lt", 2) == [1.5]
    assert kept([1, 2], "gt", float("nan")) == []
    assert kept([1, 2], "lt", float("inf")) == [1, 2]


@pytest.mark.parametrize("values", [["true", "TRUE", "False", "yes", None, "1"], [True, False, None]])
def test_true_and_false_match_the_words_in_any_case(values: list[object]) -> None:
    assert [str(each).lower() for each in kept(values, "eq", True)] == ["true"] * (2 if "yes" in values else 1)
    assert [str(each).lower() for each in kept(values, "in", (False, "no"))] == ["false"]
    assert True not in kept(values, "ne", True)
    assert None in kept(values, "ne", True)


def test_true_is_not_one() -> None:
    assert kept([True, False], "eq", 1) == []
    assert kept(["1", "true"], "eq", True) == ["true"]
    assert kept([1, 0], "eq", True) == []


def test_a_list_may_mix_texts_numbers_and_truths() -> None:
    assert kept(["7.0", "SE", "TRUE", "x", None], "in", (7, "SE", True)) == ["7.0", "SE", "TRUE"]
    assert kept(["7.0", "SE", "TRUE", "x", None], "not_in", (7, "SE", True)) == ["x", None]


def test_contains_is_literal_and_matches_searches_a_regular_expression() -> None:
    words = ["a.b", "axb", "A.B", None, "c|d"]
    assert kept(words, "contains", ".") == ["a.b", "A.B"]
    assert kept(words, "matches", "a.b") == ["a.b", "axb"]
    assert kept(words, "matches", "^A") == ["A.B"]
    assert kept(words, "matches", "c|d") == ["c|d"]
    assert kept(words, "starts_with", "a.") == ["a.b"]
    assert kept(words, "ends_with", "b") == ["a.b", "axb"]
    assert kept(["購買", "köp"], "starts_with", "購") == ["購買"]


def test_other_types_compare_as_the_text_that_they_are_written_as() -> None:
    assert kept([date(2026, 1, 31), date(2026, 2, 1)], "ge", "2026-02") == [date(2026, 2, 1)]
    assert kept([datetime(2026, 1, 31, 9, tzinfo=UTC)], "starts_with", "2026-01-31") == [
        datetime(2026, 1, 31, 9, tzinfo=UTC)
    ]
    assert kept([7, 8], "eq", "7") == [7]
    assert kept([7, 70], "starts_with", "7") == [7, 70]
    assert kept(pl.Series(["a", "b"], dtype=pl.Categorical), "eq", "a") == ["a"]
    assert kept(pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"])), "in", ("b", "c")) == ["b"]
    assert kept([Decimal("7.50")], "eq", 7.5) == [Decimal("7.50")]
    assert kept([date(2026, 1, 31)], "gt", 5) == []


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [("a(", "unclosed group"), ("(?=a)", "look-around, including look-ahead and look-behind, is not supported")],
)
def test_a_bad_regular_expression_is_an_error_that_shows_it(pattern: str, reason: str) -> None:
    with pytest.raises(ConfigError) as raised:
        kept(["a"], "matches", pattern)
    assert str(raised.value) == f"where: column x: {pattern!r} is not a regular expression ({reason})"
