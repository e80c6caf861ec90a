"""The command line's replacements of YAML keys: raw text in, the same nodes as the YAML's out.

An option is read into nodes whose mark names the option, so that one grammar checks both and a complaint
knows where the bad value came from.

How text is split: a list at its commas, `NAME=VALUE` at the first `=`, a condition at the first operator;
blanks around the parts do not count. A part in double or single quotes is taken as it stands, so a
column named `a,b=c` is written `"a,b=c"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from funnelcli.config.nodes import CORE_SCHEMA, TAG, mark, shown
from funnelcli.errors import UsageError

_QUOTED = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)')\s*""", re.DOTALL)
_OPERATORS = {"=": "eq", "!=": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"}
_OPERATOR = re.compile(r"!=|>=|<=|=|>|<")


@dataclass(frozen=True)
class Options:
    """What the command line replaces, as typed. None and empty mean not given.

    `funnel` picks funnels of the file by name. `stage` (`Name=event[,event]`) defines a funnel without a file.
    `where` adds to the file's conditions; every other option replaces the key of its name (`by`: `breakdowns`).
    """

    funnel: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()
    columns: str | None = None
    timezone: str | None = None
    unit: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    window: str | None = None
    order: str | None = None
    ties: str | None = None
    entry: str | None = None
    range: str | None = None
    start: str | None = None
    count: str | None = None
    same: tuple[str, ...] = ()
    session: str | None = None
    exclude: tuple[str, ...] = ()
    semantics: str | None = None
    since: str | None = None
    until: str | None = None
    as_of: str | None = None
    segment_from: str | None = None
    mature: bool | None = None
    by: tuple[str, ...] = ()


SINGLE = (
    "timezone", "window", "order", "ties", "entry", "range", "start", "count", "session", "semantics", "since", "until",
    "as_of", "segment_from", "mature",
)  # fmt: skip
"""The options of one value that stand for the key of the same name."""


def keys(options: Options) -> dict[str, Node]:
    """The YAML keys that the options replace, and their values as nodes; `where`, which adds, is not among them.

    Raises:
        UsageError: an option's text cannot be split into its parts.
    """
    found: dict[str, Node] = {}
    for key in SINGLE:
        value = getattr(options, key)
        if value is not None:
            found[key] = _single(value, "--" + key.replace("_", "-"))
    if options.logs:
        found["logs"] = _sequence([_text(log, "LOGS") for log in options.logs], "LOGS")
    if options.stage:
        found["stages"] = _sequence([_stage(text) for text in options.stage], "--stage")
        first, last = (found["stages"].value[end].value[0][1].value for end in (0, -1))
        found["funnel"] = _text(f"{first} to {last}", "--stage")
    if options.columns is not None:
        found["columns"] = _columns(options.columns)
    if options.unit:
        found["unit"] = _names(options.unit, "--unit")
    if options.same:
        found["same"] = _names(options.same, "--same")
    if options.exclude:
        excluded = [_mapping([("events", _names([text], "--exclude"))], "--exclude") for text in options.exclude]
        found["exclude"] = _sequence(excluded, "--exclude")
    if options.by:
        crossed = [_sequence([_text(column, "--by") for column in split(text, "--by")], "--by") for text in options.by]
        found["breakdowns"] = _sequence(crossed, "--by")
    return found


def _names(texts: Sequence[str], option: str) -> Node:
    """All the names in these lists, as one sequence."""
    return _sequence([_text(name, option) for text in texts for name in split(text, option)], option)


def conditions(options: Options) -> Iterator[Node]:
    """One mapping `{COL: {operator: V}}` per `--where`, as nodes.

    Raises:
        UsageError: no column or no operator in the text.
    """
    for text in options.where:
        column, operator, value = _condition(text)
        comparison = _mapping([(operator, _value(value))], "--where")
        yield _mapping([(column, comparison)], "--where")


def split(text: str, option: str) -> list[str]:
    """The parts of a list as an option writes it: cut at commas that stand outside quotes.

    >>> split('user_id, "a,b"', "--unit")
    ['user_id', 'a,b']
    """
    parts = []
    rest: str | None = text
    while rest is not None:
        part, rest = _head(rest, ",")
        if not part:
            raise UsageError(f"{option}: {shown(text)} has an empty name; put commas only between names")
        parts.append(part)
    return parts


def _head(text: str, separator: str) -> tuple[str, str | None]:
    """The part before the first separator outside quotes, and what is after it; None where there is no separator."""
    quoted = _QUOTED.match(text)
    if quoted and text[quoted.end() : quoted.end() + 1] in ("", separator):
        rest = text[quoted.end() + 1 :] if quoted.end() < len(text) else None
        return _unquoted(quoted), rest
    head, found, rest = text.partition(separator)
    return head.strip(), rest if found else None


def _unquoted(quoted: re.Match[str]) -> str:
    if quoted[1] is not None:
        return re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
    return quoted[2].replace("''", "'")


def _stage(text: str) -> Node:
    name, events = _head(text, "=")
    if not name or not events or not events.strip():
        raise UsageError(f"--stage: {shown(text)} is not Name=event[,event]; write 'Visit=page_view'")
    nodes = [_text(event, "--stage") for event in split(events, "--stage")]
    return _mapping([("name", _text(name, "--stage")), ("events", _sequence(nodes, "--stage"))], "--stage")


def _columns(text: str) -> Node:
    found: dict[str, str] = {}
    rest: str | None = text
    while rest is not None:
        key, after = _head(rest, "=")
        if after is None or key not in ("user", "event", "timestamp", "unit", "format"):
            example = "write user=…,event=…,timestamp=…,unit=…,format=…"
            raise UsageError(f"--columns: {shown(rest.strip())} is not KEY=VALUE with a key we know; {example}")
        if key in found:
            raise UsageError(f"--columns: '{key}' is given twice; keep one")
        found[key], rest = _head(after, ",")
    nodes = {key: _text(value, "--columns") for key, value in found.items()}
    of_time = {"timestamp": "column", "unit": "unit", "format": "format"}
    time = [(key, nodes.pop(given)) for given, key in of_time.items() if given in nodes]
    if time:
        nodes["timestamp"] = _mapping(time, "--columns")
    return _mapping(list(nodes.items()), "--columns")


def _condition(text: str) -> tuple[str, str, str]:
    """Column, operator and the text of the value."""
    quoted = _QUOTED.match(text)
    operator = _OPERATOR.match(text, quoted.end()) if quoted else None
    if quoted and operator:
        return _unquoted(quoted), _OPERATORS[operator[0]], text[operator.end() :]
    operator = _OPERATOR.search(text)
    if operator is None or not text[: operator.start()].strip():
        raise UsageError(f"--where: {shown(text)} is not COL=V (or != > >= < <=); write 'country=SE'")
    return text[: operator.start()].strip(), _OPERATORS[operator[0]], text[operator.end() :]


def _value(text: str) -> Node:
    """A YAML 1.2 scalar: text in quotes is text, anything else is what the core schema says."""
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        return _text(_unquoted(quoted), "--where")
    plain = text.strip()
    kind = next((name for name, pattern in CORE_SCHEMA.items() if pattern.match(plain)), "str")
    return _scalar(kind, plain, "--where") if kind != "str" else _text(plain, "--where")


def _single(value: str | bool, option: str) -> Node:
    return _text(value, option) if isinstance(value, str) else _scalar("bool", str(value).lower(), option)


def _text(text: str, option: str) -> Node:
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise UsageError(f"{option}: {shown(text)} is not UTF-8; write it, or name the file, in UTF-8")
    return _scalar("str", text, option)


def _scalar(kind: str, text: str, option: str) -> Node:
    return ScalarNode(TAG + kind, text, mark(option, -1), mark(option, -1))


def _sequence(items: list[Node], option: str) -> Node:
    return SequenceNode(TAG + "seq", items, mark(option, -1), mark(option, -1))


def _mapping(items: list[tuple[str, Node]], option: str) -> Node:
    nodes = [(_text(key, option), value) for key, value in items]
    return MappingNode(TAG + "map", nodes, mark(option, -1), mark(option, -1))
