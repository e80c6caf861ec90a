"""`where`: conditions on columns, as the YAML writes them, and as the program uses them.

A column has a value (equal to it), a list (one of them), or a mapping of operators; everything is joined by AND.
A text compares as text and a number as a number, which the log's readers see from the operand's type.
"""

from __future__ import annotations

import re
import warnings
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator

from funnelcli.config.basics import Grammar, Name, complaint, in_quotes, kind, refuse_nothing, truth, worded
from funnelcli.config.funnel import Condition, Scalar
from funnelcli.config.nodes import shown

NULL = "nothing equals null; write {is_null: true} in the YAML, or 'null' in quotes for the word"
LONGEST_PATTERN = 1000


def _operand(value: Any) -> Scalar:
    if value is None:
        raise complaint(NULL)
    if not isinstance(value, (str, int, float, bool)):
        raise complaint(f"must be one text, number, true or false, not {kind(value)}")
    return value


def _ordered(value: Any) -> Scalar:
    refuse_nothing(value)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise complaint(f"must be a number or a text to compare with, not {kind(value)}")
    return value


def _operands(value: Any) -> tuple[Scalar, ...]:
    refuse_nothing(value)
    if not isinstance(value, tuple):
        raise complaint(f"must be a list, such as [SE, DK], not {kind(value)}")
    if not value:
        raise complaint("the list is empty; write the values")
    seen: set[tuple[bool, Scalar]] = set()
    for each in map(_operand, value):
        # true is not 1, though Python says so; 1.0 is.
        if (isinstance(each, bool), each) in seen:
            raise complaint(f"{shown(str(each))} is listed twice")
        seen.add((isinstance(each, bool), each))
    return value


def _part(value: Any) -> str:
    refuse_nothing(value)
    if not isinstance(value, str):
        raise complaint(f"must be text, not {kind(value)}{in_quotes(value)}")
    if not value:
        raise complaint("the text is empty, which every text contains; write one")
    return value


def _pattern(value: Any) -> str:
    """The regular expression, refused where it is surely wrong; the log's reader, which compiles it, has the last word.

    It will be compiled by Rust's regex crate, whose language differs from Python's: only the faults that both
    call faults are told here, and what Rust is known not to have.
    """
    text = _part(value)
    if len(text) > LONGEST_PATTERN:
        raise ValueError(f"the regular expression is longer than {LONGEST_PATTERN} characters; shorten it")
    bare = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "", text, flags=re.DOTALL)
    if re.search(r"\(\?<?[=!]", bare):
        raise ValueError(f"{shown(text)} looks ahead or behind, which is not supported; write it without (?=…)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(text)
    except re.error as error:
        if error.msg == "nothing to repeat" and error.pos == 0:
            raise ValueError(
                f"{shown(text)} begins with {text[0]}, which repeats nothing; write .* for any text"
            ) from None
        faults = {
            "missing ), unterminated subpattern": "a ( is not closed",
            "unbalanced parenthesis": "a ) closes nothing",
            "unterminated character set": "a [ is not closed",
        }
        if error.msg in faults:
            raise ValueError(f"{shown(text)} is not a regular expression: {faults[error.msg]}") from None
    except (RecursionError, OverflowError):
        raise ValueError("the regular expression is too deep; simplify it") from None
    return text


_Value = str | int | float | bool
_Values = Annotated[list[_Value], Field(min_length=1)]
Operand = Annotated[Scalar, PlainValidator(_operand, json_schema_input_type=_Value)]
Ordered = Annotated[Scalar, PlainValidator(_ordered, json_schema_input_type=str | int | float)]
Operands = Annotated[tuple[Scalar, ...] | None, PlainValidator(_operands, json_schema_input_type=_Values)]
_Text = Annotated[str, Field(min_length=1)]
Part = Annotated[str | None, PlainValidator(_part, json_schema_input_type=_Text)]
Pattern = Annotated[
    str | None,
    PlainValidator(worded(_pattern), json_schema_input_type=Annotated[_Text, Field(max_length=LONGEST_PATTERN)]),
]
Truth = Annotated[bool | None, PlainValidator(truth, json_schema_input_type=bool)]


class Comparison(Grammar):
    """Operators on one column; all of them must hold. Null satisfies ne, not_in and is_null: true, nothing else."""

    eq: Operand = Field(
        default=None, description="Equal to. Text compares as text, a number as a number; case matters."
    )
    ne: Operand = Field(default=None, description="Not equal to; null satisfies it.")
    gt: Ordered = Field(default=None, description="Greater than.")
    ge: Ordered = Field(default=None, description="Greater than or equal to.")
    lt: Ordered = Field(default=None, description="Less than.")
    le: Ordered = Field(default=None, description="Less than or equal to.")
    in_: Operands = Field(default=None, alias="in", description="One of the list.")
    not_in: Operands = Field(default=None, description="None of the list; null satisfies it.")
    contains: Part = Field(default=None, description="Holds this text, literally.")
    starts_with: Part = Field(default=None, description="Begins with this text.")
    ends_with: Part = Field(default=None, description="Ends with this text.")
    matches: Pattern = Field(
        default=None, description="The regular expression is found in the text; ^ and $ anchor it."
    )
    is_null: Truth = Field(default=None, description="true: the column is empty; false: it is not.")


def _comparison(value: Any) -> Any:
    """A bare value is `eq`, a list is `in`."""
    if value is None:
        raise complaint(NULL)
    if value == {}:
        raise complaint("no operator is written; write a value, a list, or an operator such as {gt: 0}")
    if isinstance(value, dict):
        return value
    return {"in": value} if isinstance(value, tuple) else {"eq": value}


Where = dict[
    Name,
    Annotated[
        Comparison,
        BeforeValidator(
            _comparison,
            json_schema_input_type=_Value
            | _Values
            | Annotated[Comparison, Field(json_schema_extra={"minProperties": 1})],
        ),
    ],
]


def conditions(where: Where) -> tuple[Condition, ...]:
    """One condition per column and operator, in the order of the YAML's columns."""
    found = []
    for column, comparison in where.items():
        for name, field in Comparison.model_fields.items():
            if name in comparison.model_fields_set:
                operator = field.alias or name
                found.append(Condition(column=column, operator=operator, operand=getattr(comparison, name)))  # type: ignore[arg-type]
    return tuple(found)
