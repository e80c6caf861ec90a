"""What the grammar's models are made of: their base, names, lists of names, durations, and how a reader complains."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator
from pydantic_core import PydanticCustomError

from funnelcli.config import times
from funnelcli.config.nodes import shown

T = TypeVar("T")


class Grammar(BaseModel):
    """A mapping of the YAML: strict types, no unknown keys, no changes."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


EMPTY = "the name is empty; write one"
NOTHING = "nothing is written after it; give it a value or remove the key"


def complaint(message: str, *keys: str) -> PydanticCustomError:
    """An error that says `message` as it stands; `keys` are those that contradict each other, if there are several."""
    return PydanticCustomError("complaint", "{message}", {"message": message, "keys": keys})


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, if one is near; case does not count."""
    words = {each.lower(): each for each in known}
    near = difflib.get_close_matches(word.lower(), words, 1) if len(word) <= 60 else []
    return words[near[0]] if near else None


def worded(read: Callable[[Any], T]) -> Callable[[Any], T]:
    """A validator from a reader whose ValueError is the words for a person."""

    def validator(value: Any) -> T:
        refuse_nothing(value)
        if isinstance(value, (tuple, dict)):
            raise complaint(f"must be one text, not {kind(value)}")
        try:
            return read(value)
        except ValueError as error:
            raise complaint(str(error)) from None

    return validator


def refuse_nothing(value: Any) -> None:
    """Complains about a key with nothing after it."""
    if value is None:
        raise complaint(NOTHING)


def truth(value: Any) -> bool:
    """A validator of true and false, and of nothing that is like them."""
    refuse_nothing(value)
    if not isinstance(value, bool):
        raise complaint(f"must be true or false, not {kind(value)}")
    return value


def in_quotes(value: Any) -> str:
    """What to do about a number, true or false where a text must be; nothing about other values."""
    return "; put it in quotes" if isinstance(value, (int, float)) else ""


def kind(value: Any) -> str:
    """What a plain value is, in words."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return f"the number {value}"
    words: dict[Any, str] = {str: "text", tuple: "a list", dict: "a mapping"}
    return words.get(type(value), "nothing")


def _name(value: str) -> str:
    if not value.strip():
        raise complaint(EMPTY)
    return value


def _title(value: str) -> str:
    if not value.isprintable():
        raise complaint(f"{shown(value)} has characters that cannot be printed; write plain text on one line")
    return value


def listed(what: str) -> Callable[[Any], Any]:
    """A validator before a list that takes a text for a list of one, and refuses an empty list and anything else."""

    def read(value: Any) -> Any:
        refuse_nothing(value)
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, tuple):
            raise complaint(f"must be {what} or a list of them, not {kind(value)}{in_quotes(value)}")
        if not value:
            raise complaint(f"the list is empty; write {what}")
        return value

    return read


def unlike(values: tuple[T, ...]) -> tuple[T, ...]:
    """A list of names, or of tuples of names, in which nothing is there twice."""
    seen: set[T] = set()
    for value in values:
        if value in seen:
            raise complaint(f"{shown(','.join(value) if isinstance(value, tuple) else str(value))} is listed twice")
        seen.add(value)
    return values


Name = Annotated[str, AfterValidator(_name), Field(min_length=1)]
"""A column, an event or a path: any text that is more than blanks."""

Title = Annotated[Name, AfterValidator(_title)]
"""A name that people read: printable, on one line."""

Names = Annotated[
    tuple[Name, ...],
    BeforeValidator(listed("a name"), json_schema_input_type=Name | Annotated[list[Name], Field(min_length=1)]),
    AfterValidator(unlike),
]

Duration = Annotated[
    timedelta | None,
    PlainValidator(worded(times.duration), json_schema_input_type=Annotated[str, Field(pattern=f"^{times.DURATION}$")]),
]
