"""The plain values of nodes, and what is wrong with them whatever the grammar: keys, tags, aliases, numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from yaml import MappingNode, Mark, Node, ScalarNode, SequenceNode

from funnelcli.config.nodes import CORE_SCHEMA, MAX_LEVELS, MAX_VALUES, SURROGATE, TAG, UnreadableError, shown


def pairs(node: Node) -> Iterator[tuple[str, Node, Node]]:
    """Each key of a mapping as text, its node and its value; of keys that are there twice the first, and no `<<`."""
    seen: set[str] = set()
    for key, value in node.value if isinstance(node, MappingNode) else ():
        if isinstance(key, ScalarNode) and key.value not in seen and not _merges(key):
            seen.add(key.value)
            yield key.value, key, value


def _merges(key: ScalarNode) -> bool:
    return key.value == "<<" and key.style is None


class Values:
    """The plain values of nodes, and the complaints met on the way as (place, message).

    Sequences become tuples; keys are text. A scalar complained about has its text as its value, so that reading
    goes on; `blamed` holds the ids of such nodes, and nobody needs to complain about them again.
    """

    def __init__(self) -> None:
        self.complaints: list[tuple[Mark, str]] = []
        self.blamed: set[int] = set()
        self._known: dict[int, tuple[Any, int, int]] = {}
        self._open: list[int] = []
        self._count = 0

    def of(self, node: Node) -> Any:
        """The value of a node; a node met again through an alias is read once, and counts each time.

        Raises:
            UnreadableError: a cycle, or over a limit once the aliases are written out.
        """
        if id(node) in self._open:
            raise UnreadableError(
                node.start_mark, "an alias inside its own anchor, which has no end; write the value out"
            )
        if id(node) not in self._known:
            before = self._count
            self._open.append(id(node))
            value = self._read(node)
            self._open.pop()
            self._known[id(node)] = value, self._count - before + 1, self._levels(node)
            self._count = before
        value, size, levels = self._known[id(node)]
        if len(self._open) + levels > MAX_LEVELS:
            raise UnreadableError(node.start_mark, f"more than {MAX_LEVELS} levels once the aliases are written out")
        self._count += size
        if self._count > MAX_VALUES:
            raise UnreadableError(node.start_mark, f"more than {MAX_VALUES} values once the aliases are written out")
        return value

    def _levels(self, node: Node) -> int:
        """How many values lie one inside the other, the node itself included; those inside are read."""
        inside = node.value if isinstance(node, SequenceNode) else [value for _, _, value in pairs(node)]
        return 1 + max((self._known[id(each)][2] for each in inside), default=0)

    def _read(self, node: Node) -> Any:
        if isinstance(node, SequenceNode):
            self._check_tag(node, "seq")
            return tuple([self.of(item) for item in node.value])
        if isinstance(node, MappingNode):
            self._check_tag(node, "map")
            self._check_keys(node)
            return {key: self.of(value) for key, _, value in pairs(node)}
        return self._scalar(node)

    def _blame(self, node: Node, message: str) -> None:
        self.blamed.add(id(node))
        self.complaints.append((node.start_mark, message))

    def _check_tag(self, node: Node, kind: str) -> None:
        if node.tag != TAG + kind:
            self._blame(node, f"the tag {shown(node.tag)} means nothing here; remove it")

    def _check_keys(self, node: MappingNode) -> None:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                self._blame(key, "a key must be text")
            elif _merges(key):
                self._blame(key, "merge keys (`<<`) are not read; write the keys out")
            elif key.value in lines:
                self._blame(key, f"the key {shown(key.value)} is here twice, first on line {lines[key.value]}")
            elif key.tag != TAG + "str":
                self._blame(key, f"the key {shown(key.value)} is not text; put it in quotes")
            elif SURROGATE.search(key.value):
                self._blame(key, "half a character (a lone surrogate); write the whole one")
            if isinstance(key, ScalarNode):
                lines.setdefault(key.value, key.start_mark.line + 1)

    def _scalar(self, node: Node) -> str | int | float | bool | None:
        text = str(node.value)
        kind = node.tag.removeprefix(TAG)
        if kind == "str":
            if SURROGATE.search(text):
                self._blame(node, "half a character (a lone surrogate); write the whole one")
                return text.encode("utf-8", "replace").decode()
            return text
        if kind not in CORE_SCHEMA:
            self._blame(node, f"the tag {shown(node.tag)} means nothing here; remove it")
            return text
        if not CORE_SCHEMA[kind].match(text):
            self._blame(node, f"{shown(text)} is not what its tag {shown('!!' + kind)} says")
            return text
        value = _typed(kind, text)
        if (isinstance(value, float) and not math.isfinite(value)) or (isinstance(value, int) and abs(value) >= 2**63):
            self._blame(node, f"{shown(text)} is no number we can compare with; put it in quotes if it is text")
            return text
        return value


def _typed(name: str, text: str) -> str | int | float | bool | None:
    """The value of a text that has the form of `name`; a number too long to be one is infinite."""
    if name == "null":
        return None
    if name == "bool":
        return text.lower() == "true"
    if name == "int":
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text, base) if len(text) <= 30 else float("inf")
    return float(re.sub(r"\.(inf|nan)\Z", r"\1", text.lower()))
