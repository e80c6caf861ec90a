"""One value of a report by its path, as `--get` names it: `stages[Purchase].conversion_rate`.

A path goes through the report's JSON. `.key` takes a key. `[Purchase]` picks from a list the entry of that name, or
where nothing is called so, `[2]` the second; `[channel=email]` (`[channel=email,device=phone]`) picks the segment with
these values, null written as `(none)`, and `[stage=Cart,channel=email]` the entry with these keys. A name that holds
`]` stands in double quotes, as in JSON. A reason for which no row was skipped is 0.
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

_QUOTED = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
_STEP = re.compile(rf"\.(?P<key>\w+)|\[(?P<quoted>{_QUOTED})\]|\[(?P<plain>[^\]]*)\]")


class _NowhereError(Exception):
    """A path that leads to no one value, and why."""


class _AbsentError(_NowhereError):
    """A path to an entry that these data do not have, and others might."""


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
    """The number or None at `path`; None too for a segment that the data do not have.

    Raises:
        UsageError: the path leads to none.
    """
    try:
        found = _value(record, path)
    except _AbsentError:
        return None
    except _NowhereError as error:
        raise UsageError(f"{whose}: {path!r} {error}") from None
    if found is not None and (isinstance(found, bool) or not isinstance(found, int | float)):
        raise UsageError(f"{whose}: {path!r} is {_text(found)}, which is no number; name one")
    return found


def _value(record: Mapping[str, object], path: str) -> Scalar:
    here: object = record
    before = ""
    for is_key, word in _steps(path):
        if not is_key:
            here = _entry(here, word)
        elif before == "rows_skipped" and isinstance(here, Mapping):
            here = _field(_reasons() | dict(here), word)
        else:
            here = _field(here, word)
        before = word
    if isinstance(here, Mapping):
        raise _NowhereError(f"holds several values; go on with {_few([f'.{key}' for key in here])}")
    if _is_list(here):
        raise _NowhereError(f"is a list; go on with {_few([f'[{name}]' for name in _names(here)])}")
    return cast("Scalar", here)


def _reasons() -> dict[object, object]:
    """Every reason for which rows may be skipped, with 0."""
    from funnelcli.events import REASONS

    return dict.fromkeys(REASONS, 0)


def _steps(path: str) -> list[tuple[bool, str]]:
    """Pairs (is it a key, its word)."""
    rest, steps = f".{path}", []
    while rest:
        match = _STEP.match(rest)
        if match is None:
            example = "'stages[Purchase].conversion_rate'"
            raise _NowhereError(f"is not a path; write for example {example}, and a name with ] in double quotes")
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
    found = [entry for entry, called in zip(here, names, strict=True) if called == name]
    wanted = [part.partition("=") for part in name.split(",")]
    keyed = all(equals for _, equals, _ in wanted)
    if not found and keyed:
        found = [entry for entry in here if all(_keys(entry).get(key.strip()) == text for key, _, text in wanted)]
    if len(found) > 1:
        example = ",".join(f"{key}={text}" for key, text in list(_keys(found[0]).items())[:2])
        raise _NowhereError(
            f"means {len(found)} entries [{name}]; name one by its place, as [1], or by its keys, as [{example}]"
        )
    if found:
        return found[0]
    if name.isdecimal() and 1 <= int(name) <= len(names):
        return here[int(name) - 1]
    if keyed and all(key.strip() in _keys(entry) for entry in here for key, _, _ in wanted):
        raise _AbsentError(f"leads nowhere; {_instead(name, names)}")
    raise _NowhereError(f"leads nowhere; {_instead(name, names)}")


def _names(entries: Sequence[object]) -> list[str]:
    """What each entry is called: the first of its values; a segment by its columns and their values."""
    return [_name(next(iter(entry.values()))) if isinstance(entry, Mapping) else _text(entry) for entry in entries]


def _name(first: object) -> str:
    if not isinstance(first, Mapping):
        return _text(first)
    return ",".join(f"{column}={_text(text)}" for column, text in first.items())


def _keys(entry: object) -> dict[str, str]:
    """The values of an entry that are one text, number or time, by their keys; of its segment by their columns."""
    if not isinstance(entry, Mapping):
        return {}
    segment = entry.get("segment")
    columns = segment if isinstance(segment, Mapping) else {}
    plain = {key: value for key, value in entry.items() if not isinstance(value, Mapping) and not _is_list(value)}
    return {str(key): _text(value) for key, value in (plain | dict(columns)).items()}


def _text(value: object) -> str:
    """A value as a path and a message write it: raw, as in JSON; `(none)` for null."""
    from funnelcli.export.rows import exact

    if _is_list(value):
        return ",".join(map(_text, value))
    return "(none)" if value is None else exact(cast("Scalar", value))


def _is_list(here: object) -> TypeGuard[Sequence[object]]:
    return isinstance(here, Sequence) and not isinstance(here, str)


def _instead(word: str, words: Sequence[str]) -> str:
    near = get_close_matches(word, words, n=1)
    return f"there is no {word!r}; " + (f"did you mean {near[0]!r}?" if near else f"there is {_few(words)}")


def _few(words: Sequence[str]) -> str:
    """The first twelve words, and that there are more."""
    return ", ".join([*words[:12], "…"] if len(words) > 12 else words) or "nothing"
