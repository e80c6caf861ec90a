"""One value of a report by its path, as `--get` names it: `stages[Purchase].conversion_rate`.

A path goes through the report's JSON. `.key` takes a key. `[Purchase]` picks from a list the entry of that name, or
where nothing is called so, `[2]` the second; `[channel=email]` (`[channel=email,device=phone]`) picks the segment with
these values, null written as `(none)`. A name that holds `]` stands in double quotes, as in JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeGuard, cast

from funnelcli.errors import UsageError

if TYPE_CHECKING:
    from funnelcli.tables.table import Scalar

_STEP = re.compile(r'\.(?P<key>\w+)|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]|\[(?P<plain>[^\]]*)\]')


class _NowhereError(Exception):
    """A path that leads to no one value, and why."""


def value(record: Mapping[str, object], path: str, whose: str = "--get") -> Scalar:
    """The number, text, truth, time or None at `path` of a report's record; `whose` path it is begins a message.

    >>> value({"stages": [{"stage": "Visit", "reached": 3}]}, "stages[Visit].reached")
    3

    Raises:
        UsageError: the path is not one, leads nowhere, or stops where there are several values.
    """
    try:
        return _value(record, path)
    except _NowhereError as error:
        raise UsageError(f"{whose}: {path!r} {error}") from None


def number(record: Mapping[str, object], path: str, whose: str) -> float | None:
    """The number or None at `path`.

    Raises:
        UsageError: the path leads to none.
    """
    found = value(record, path, whose)
    if found is not None and (isinstance(found, bool) or not isinstance(found, int | float)):
        raise UsageError(f"{whose}: {path!r} is {found!s}, which is no number; name one")
    return found


def _value(record: Mapping[str, object], path: str) -> Scalar:
    here: object = record
    for is_key, word in _steps(path):
        here = _field(here, word) if is_key else _entry(here, word)
    if isinstance(here, Mapping):
        raise _NowhereError(f"holds several values; go on with {_few([f'.{key}' for key in here])}")
    if _is_list(here):
        raise _NowhereError(f"is a list; go on with {_few([f'[{name}]' for name in _names(here)])}")
    return cast("Scalar", here)


def _steps(path: str) -> list[tuple[bool, str]]:
    """Pairs (is it a key, its word)."""
    rest, steps = f".{path}", []
    while rest:
        match = _STEP.match(rest)
        if match is None:
            raise _NowhereError("is not a path; write for example 'stages[Purchase].conversion_rate'")
        key, quoted, plain = match.groups()
        steps.append((key is not None, key or (json.loads(quoted) if quoted else plain)))
        rest = rest[match.end() :]
    return steps


def _field(here: object, key: str) -> object:
    if not isinstance(here, Mapping):
        raise _NowhereError(f"leads nowhere; nothing stands below the value before .{key}")
    if key not in here:
        raise _NowhereError(f"leads nowhere; {_instead(key, list(here))}")
    return here[key]


def _entry(here: object, name: str) -> object:
    if not _is_list(here):
        raise _NowhereError(f"leads nowhere; there is no list before [{name}]")
    names = _names(here)
    if name in names:
        return here[names.index(name)]
    if name.isdecimal() and 1 <= int(name) <= len(names):
        return here[int(name) - 1]
    raise _NowhereError(f"leads nowhere; {_instead(name, names)}")


def _names(entries: Sequence[object]) -> list[str]:
    """What each entry is called: the first of its values; a segment by its columns and their values."""
    return [_name(next(iter(entry.values()))) if isinstance(entry, Mapping) else str(entry) for entry in entries]


def _name(first: object) -> str:
    if not isinstance(first, Mapping):
        return str(first)
    return ",".join(f"{column}={'(none)' if text is None else text}" for column, text in first.items())


def _is_list(here: object) -> TypeGuard[Sequence[object]]:
    return isinstance(here, Sequence) and not isinstance(here, str)


def _instead(word: str, words: Sequence[str]) -> str:
    near = get_close_matches(word, words, n=1)
    return f"there is no {word!r}; " + (f"did you mean {near[0]!r}?" if near else f"there is {_few(words)}")


def _few(words: Sequence[str]) -> str:
    """The first twelve words, and that there are more."""
    return ", ".join([*words[:12], "…"] if len(words) > 12 else words) or "nothing"
