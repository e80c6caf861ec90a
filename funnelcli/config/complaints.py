"""What pydantic found wrong, as one plain message at the line and column of the node it is about.

What comes in is a pydantic error and the nodes that were read; what goes out is `Complaint`s. The grammar has no
unions, so every place has one message. A message begins with the nearest key above the place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from yaml import Mark, Node, SequenceNode

from funnelcli.config.basics import EMPTY, NOTHING, Grammar, in_quotes, kind, nearest
from funnelcli.config.faults import KEY
from funnelcli.config.nodes import shown
from funnelcli.config.values import pairs
from funnelcli.errors import Problem

if TYPE_CHECKING:
    from pydantic import ValidationError

    from funnelcli.config.faults import Fault

Path = tuple[int | str, ...]
"""Where pydantic found something: keys and positions from the top."""

MAX_MEANT = 100
"""How many complaints of one reading get a "did you mean": it is the slow part."""

_MISSING = {
    "funnel": "name the funnel, `funnel: Online shop`",
    "stages": "list two stages or more",
    "name": "name the stage",
    "checks.name": "name the check",
    "events": "write the event's name, or a list of them",
    "event": "write the event's name",
}
_OTHER_WORDS = {
    "=": "eq", "==": "eq", "equals": "eq", "!=": "ne", "<>": "ne", "neq": "ne", "not": "ne",
    ">": "gt", ">=": "ge", "gte": "ge", "<": "lt", "<=": "le", "lte": "le",
    "like": "contains", "regex": "matches", "prefix": "starts_with", "suffix": "ends_with", "null": "is_null",
    "name": "funnel", "steps": "stages", "data": "logs", "files": "logs", "filter": "where", "by": "breakdowns",
    "tz": "timezone", "user_id": "user", "user": "unit", "id": "user", "time": "timestamp", "ts": "timestamp",
    "event_name": "event",
}  # fmt: skip


@dataclass(frozen=True)
class Complaint:
    """A message, the place it is about, and the key or option at that place."""

    place: Mark
    subject: str
    message: str

    @property
    def option(self) -> str | None:
        """The command-line option that is at fault; None where it is a file."""
        return self.place.name if self.place.line < 0 else None

    @property
    def problem(self) -> Problem:
        """The complaint as `validate` shows it, counted from 1."""
        said = f"{self.subject}: {self.message}" if self.subject else self.message
        return Problem(self.place.name, self.place.line + 1, self.place.column + 1, said)


class _Nodes:
    """Finds nodes by pydantic's path; each mapping is looked through once."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._children: dict[int, dict[str, tuple[Node, Node]]] = {}

    def children(self, node: Node) -> dict[str, tuple[Node, Node]]:
        if id(node) not in self._children:
            self._children[id(node)] = {key: (at, value) for key, at, value in pairs(node)}
        return self._children[id(node)]

    def at(self, path: Path) -> tuple[Node, str]:
        """The node nearest to the end of the path, and the last key on the way.

        A short form has fewer nodes than its long form has steps: then it is the node of the short form.
        """
        node, subject = self._root, ""
        for step in path:
            if isinstance(node, SequenceNode) and isinstance(step, int):
                node = node.value[step]
                continue
            children = self.children(node)
            if step in children:
                subject, node = str(step), children[str(step)][1]
            elif step in ("name", "events") and len(children) == 1:
                ((name, (key, value)),) = children.items()
                subject, node = (subject, key) if step == "name" else (name, value)
            else:
                break
        return node, subject

    def key(self, path: Path) -> Node:
        """The node of the key that a path ends with."""
        return self.children(self.at(path[:-1])[0])[str(path[-1])][0]

    def blamed_for(self, path: Path, keys: tuple[str, ...], above: Path) -> tuple[Node, str]:
        """The node to blame at a path, and its key; of `keys` that contradict each other the one that is an option.

        These keys stand in the mapping at `above`.
        """
        if path[-1:] == (KEY,):
            return self.key(path[:-1]), self.at(path[:-2])[1]
        beside = self.children(self.at(above)[0])
        for key in keys:
            if key in beside and beside[key][1].start_mark.line < 0:
                return beside[key][1], key
        return self.at(path)


def complaints(
    error: ValidationError, root: Node, model: type[Grammar], blamed: set[int], *, missing: bool = True
) -> list[Complaint]:
    """One complaint per place; nodes in `blamed` have one already.

    With `missing` false, keys that are missing at the top are not complained about.
    """
    nodes = _Nodes(root)
    found: list[Complaint] = []
    absent: list[tuple[Path, str]] = []
    meant_keys: set[tuple[Path, str]] = set()
    for number, each in enumerate(error.errors(include_url=False)):
        path: Path = each["loc"]
        if each["type"] == "missing":
            absent.append((path[:-1], str(path[-1])))
        elif each["type"] == "extra_forbidden":
            at, key, known = nodes.key(path), str(path[-1]), _keys(model, path[:-1])
            near = _meant(key, known) if number < MAX_MEANT else None
            if near:
                meant_keys.add((path[:-1], near))
            if id(at) not in blamed:
                found.append(Complaint(at.start_mark, "", _unknown(key, known, near)))
        else:
            node, subject = nodes.blamed_for(path, each.get("ctx", {}).get("keys", ()), path[:-1])
            if id(node) not in blamed:
                found.append(Complaint(node.start_mark, subject, _message(each, number < MAX_MEANT)))
    for path, key in absent:
        # A key that was written with a slip is told there, once.
        if (path, key) not in meant_keys and (missing or path):
            hint = _MISSING.get(".".join([*map(str, path[:1]), key]), _MISSING.get(key))
            said = f"{shown(key)} is missing"
            found.append(Complaint(nodes.at(path)[0].start_mark, "", f"{said}; {hint}" if hint else said))
    return found


def disagreements(faults: Iterable[Fault], root: Node, blamed: set[int]) -> list[Complaint]:
    """One complaint per rule that keys, each right by itself, break together."""
    nodes = _Nodes(root)
    found = []
    for fault in faults:
        node, subject = nodes.blamed_for(fault.at, fault.keys, ())
        if id(node) not in blamed:
            found.append(Complaint(node.start_mark, subject, fault.message))
    return found


def _meant(key: str, known: list[str]) -> str | None:
    """The key that was probably meant: another program's word for one of ours, else the nearest of ours."""
    return _OTHER_WORDS[key] if _OTHER_WORDS.get(key) in known else nearest(key, known)


def _unknown(key: str, known: list[str], near: str | None) -> str:
    what = "an operator" if "is_null" in known else "a key"
    few = f"write one of {', '.join(known)}" if len(known) <= 13 else "`funnelcli schema` lists the keys"
    return f"{shown(key)} is not {what} here; {f'did you mean {shown(near)}?' if near else few}"


def _message(each: Any, slow: bool) -> str:
    value, reason, context = each["input"], each["type"], each.get("ctx", {})
    if reason == "complaint":
        return str(context["message"])
    if value is None:
        return NOTHING
    if reason == "literal_error":
        known = [word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", ")]
        near = nearest(value, known) if slow and isinstance(value, str) else None
        said = shown(value) if isinstance(value, str) else kind(value)
        return f"{said} is not one of {', '.join(known)}" + (f"; did you mean {shown(near)}?" if near else "")
    if reason == "string_type":
        return f"must be text, not {kind(value)}{in_quotes(value)}"
    if reason in ("dict_type", "model_type"):
        return f"must be a mapping of keys to values, not {kind(value)}"
    if reason == "string_too_short":
        return EMPTY
    return str(each["msg"])


def _keys(model: type[Grammar], path: Path) -> list[str]:
    """The keys that the grammar knows at a path; positions in lists and names of columns are passed over."""
    for step in path:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if step in fields:
            model = next(_models(fields[str(step)]), model)
    return [field.alias or name for name, field in model.model_fields.items()]


def _models(annotation: Any) -> Iterator[type[Grammar]]:
    """The grammar's models that a field or a type is made of."""
    annotation = getattr(annotation, "annotation", annotation)
    if isinstance(annotation, type) and issubclass(annotation, Grammar):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
