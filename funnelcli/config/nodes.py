"""YAML text as PyYAML nodes, read by the YAML 1.2 core schema.

What comes in is the bytes of a file; what goes out is a mapping node whose every part knows its line and
column. Nothing is constructed by PyYAML: `NO`,
`on`, `1:30`, `1_000` and dates stay text. Whatever the bytes are, reading ends within about a second
(size, depth, aliases and the number of values are limited) and raises nothing but `UnreadableError`.
"""

from __future__ import annotations

import re
from typing import Any

from yaml import MappingNode, Mark, Node, ScalarNode
from yaml.composer import Composer
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import AliasEvent
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

MAX_BYTES = 1_000_000
MAX_LEVELS = 32
MAX_ALIASES = 200
MAX_VALUES = 10_000

TAG = "tag:yaml.org,2002:"
_WHOLE = r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
_DECIMAL = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
CORE_SCHEMA = {
    "null": re.compile(r"(?:null|Null|NULL|~|)\Z"),
    "bool": re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"),
    "int": re.compile(rf"(?:{_WHOLE})\Z"),
    "float": re.compile(rf"(?:{_DECIMAL})\Z"),
}
"""The plain scalars that are not text (YAML 1.2.2, section 10.3.2), in the order they are tried."""

_NOT_TEXT = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
SURROGATE = re.compile("[\ud800-\udfff]")
_PLAINER = {
    "cannot start any token": "this character cannot begin a value; put the text in quotes",
    "mapping values are not allowed": "a second `: ` on this line; put the text in quotes or begin a new line",
    "could not find expected ':'": "a key without `: ` after it",
    "expected <block end>": "this does not line up with the lines above; mind the indentation",
    "expected ',' or": "a bracket is not closed, or a comma is missing",
    "found unexpected end of stream": "a quote is not closed",
    "found unexpected document separator": "a quote is not closed",
    "found undefined alias": "this alias has no anchor; write the value out",
    "but found another document": "a second document; keep one in a file, several funnels go under `funnels:`",
    "found duplicate anchor": "this anchor is there twice",
}


class UnreadableError(Exception):
    """The text cannot be read any further; `place` is where."""

    def __init__(self, place: Mark, message: str) -> None:
        super().__init__(message)
        self.place, self.message = place, message


def mark(source: str, line: int = 0, column: int = 0) -> Mark:
    """A place in a source; lines and columns count from 0. Line -1 is no line: the source is an option."""
    return Mark(source, 0, line, column, None, 0)


class _Loader(Reader, Scanner, Parser, Composer, BaseResolver):
    """PyYAML up to nodes, with the YAML 1.2 core schema and limits on depth, aliases and values."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self.levels = self.aliases = self.values = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        place = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        self.values += 1
        self.aliases += self.check_event(AliasEvent)
        if self.aliases > MAX_ALIASES:
            raise UnreadableError(place, f"more than {MAX_ALIASES} aliases; write the values out")
        if self.levels >= MAX_LEVELS:
            raise UnreadableError(place, f"more than {MAX_LEVELS} levels, one inside the other")
        if self.values > MAX_VALUES:
            raise UnreadableError(place, f"more than {MAX_VALUES} values in one file")
        self.levels += 1
        node = super().compose_node(parent, index)
        self.levels -= 1
        if isinstance(node, ScalarNode):
            node.value = _joined(node.value)
        return node


def _joined(text: str) -> str:
    """The text with characters that were written in two halves, as JSON does, made whole."""
    if text.isascii() or not SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


for _name, _pattern in CORE_SCHEMA.items():
    _Loader.add_implicit_resolver(TAG + _name, _pattern, None)


def decoded(data: bytes, source: str) -> str:
    """The bytes as text.

    Raises:
        UnreadableError: too long, not UTF-8, or with characters that YAML does not allow.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableError(mark(source), f"longer than {MAX_BYTES:,} bytes; a config is a short file")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError(mark(source), "this is UTF-16; save the file as UTF-8")
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        raise UnreadableError(_after(before, source), "not UTF-8 from here; save the file as UTF-8") from None
    if bad := _NOT_TEXT.search(text):
        place = _after(text[: bad.start()], source)
        raise UnreadableError(place, f"the control character U+{ord(bad[0]):04X}; remove it") from None
    return text


def _after(before: str, source: str) -> Mark:
    lines = re.split(r"\r\n|\r|\n", before.removeprefix("\ufeff"))
    return mark(source, len(lines) - 1, len(lines[-1]))


def composed(data: bytes, source: str) -> MappingNode:
    """The one mapping that a file holds, as nodes.

    Raises:
        UnreadableError: the bytes are not one YAML document whose top level is a mapping, or are over a limit.
    """
    text = decoded(data, source)
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        loader.name = source
        node = loader.get_single_node()
    except MarkedYAMLError as error:
        plain = _plainly(error, text)
        # What is not closed is best looked for where it was opened.
        opened = error.context_mark if "not closed" in plain or "a key without" in plain else None
        raise UnreadableError(opened or error.problem_mark or mark(source), plain) from None
    except (YAMLError, ValueError, OverflowError, IndexError, RecursionError):
        place = loader.get_mark() if loader else mark(source)
        raise UnreadableError(place, "this is not YAML; put the text in quotes") from None
    if node is None:
        raise UnreadableError(mark(source), "the file is empty; `funnelcli init LOGS` writes one to start from")
    if not isinstance(node, MappingNode):
        raise UnreadableError(
            node.start_mark, "a config is a mapping: it begins with a key, such as `funnel: Online shop`"
        )
    return node


def _plainly(error: MarkedYAMLError, text: str) -> str:
    """What is wrong, in words for a person who does not know how YAML is parsed."""
    said = f"{error.context or ''} {error.problem or ''}"
    if "'\\t'" in said or (error.problem_mark and _on_tab(text, error.problem_mark)):
        return "a tab; indent with spaces"
    for known, plain in _PLAINER.items():
        if known in said:
            return plain
    return f"this is not YAML ({(error.problem or error.context or 'unknown reason').splitlines()[0][:80]})"


def _on_tab(text: str, place: Mark) -> bool:
    lines = re.split(r"\r\n|[\r\n\x85\u2028\u2029]", text)
    line = lines[place.line] if place.line < len(lines) else ""
    return "\t" in line[: len(line) - len(line.lstrip())] or line[place.column : place.column + 1] == "\t"


def shown(text: str, limit: int = 60) -> str:
    r"""A text in quotes as a message may show it: one line, nothing unprintable, cut after `limit` characters.

    >>> print(shown("a\nb"))
    'a\nb'
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "'" + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut) + "'"
