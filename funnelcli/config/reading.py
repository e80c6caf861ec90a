"""A config file, or `--stage` options, as funnels: layers of keys, laid over each other, checked and built.

A funnel's keys are those of the command line, over its own, over those it shares with the other funnels of the
file, over those that its preset sets. All layers are nodes and one grammar reads them; a value that a layer above
replaces is checked all the same, by itself. What goes out is every funnel that is right and every complaint.
"""

from __future__ import annotations

import glob
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from funnelcli.config import options as command_line
from funnelcli.config.basics import kind
from funnelcli.config.building import built
from funnelcli.config.complaints import Complaint, complaints, disagreements
from funnelcli.config.conditions import Comparison, Where, conditions
from funnelcli.config.grammar import FunnelKeys
from funnelcli.config.nodes import MAX_BYTES, TAG, UnreadableError, composed, mark, shown
from funnelcli.config.notes import notes
from funnelcli.config.presets import preset_keys
from funnelcli.config.values import Values, pairs
from funnelcli.errors import ConfigError

if TYPE_CHECKING:
    from funnelcli.config.funnel import Condition, Funnel
    from funnelcli.config.options import Options

MAX_FUNNELS = 100
MAX_COMPLAINTS = 1000
"""After so many, the rest of the file's funnels are not read."""


@dataclass
class Reading:
    """What a file or the options gave: funnels that are right, everything that is not, and notes for a person."""

    funnels: list[Funnel] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Layer:
    """Keys that belong together: their nodes, and their plain values."""

    nodes: dict[str, tuple[Node, Node]]
    values: dict[str, Any]

    def over(self, below: _Layer) -> _Layer:
        return _Layer({**below.nodes, **self.nodes}, {**below.values, **self.values})

    def without(self, *keys: str) -> _Layer:
        kept = {key: node for key, node in self.nodes.items() if key not in keys}
        return _Layer(kept, {key: self.values[key] for key in kept})


def text_of(path: Path) -> bytes:
    """The bytes of a config, or a few more than are allowed of a longer one.

    Raises:
        ConfigError: the file cannot be opened.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; check the path, or write one with `funnelcli init LOGS`") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
        raise ConfigError(f"{path}: cannot be opened ({reason}); name a YAML file") from None


def reading(path: Path | None, options: Options, now: datetime) -> Reading:
    """The funnels of a file, or without one those of `--stage`, with the options laid over those that are picked.

    Raises:
        ConfigError: the file cannot be opened.
        UsageError: an option cannot be split into its parts.
    """
    found = _Reader(path, options, now)
    data = text_of(path) if path is not None else b""
    try:
        if path is None:
            found.read_funnel(_Layer({}, {}), _Layer({}, {}), mark("--stage", -1))
        else:
            found.read_file(composed(data, str(path)))
    except UnreadableError as error:
        found.result.complaints.append(Complaint(error.place, "", error.message))
    ordered = {complaint.problem: complaint for complaint in found.result.complaints}
    found.result.complaints = [ordered[problem] for problem in sorted(ordered)]
    return found.result


class _Reader:
    """Reads the layers of one file; `result` grows on the way."""

    def __init__(self, path: Path | None, options: Options, now: datetime) -> None:
        self.result = Reading()
        self._folder = glob.escape(str(path.parent)) if path is not None and str(path.parent) != "." else ""
        self._picked, self._now = options.funnel, now
        self._checked: set[tuple[str, int]] = set()
        values, keys = Values(), command_line.keys(options)
        self._above = _Layer(
            {key: (ScalarNode(TAG + "str", key, node.start_mark), node) for key, node in keys.items()},
            {key: values.of(node) for key, node in keys.items()},
        )
        self._where = [(node, values.of(node)) for node in command_line.conditions(options)]
        self._blamed = values.blamed
        self._told(values)
        self._more = tuple(condition for node, value in self._where for condition in self._conditions(node, value))

    def read_file(self, root: MappingNode) -> None:
        values = Values()
        plain = values.of(root)
        self._blamed |= values.blamed
        self._told(values)
        file = _Layer({key: (at, value) for key, at, value in pairs(root)}, plain)
        if "funnels" not in file.nodes:
            self.read_funnel(file, _Layer({}, {}), root.start_mark)
            return
        _, node = file.nodes["funnels"]
        shared = file.without("funnels", "funnel")
        if "funnel" in file.nodes:
            message = "with `funnels` every funnel has its own name; remove this key"
            self.result.complaints.append(Complaint(file.nodes["funnel"][0].start_mark, "funnel", message))
        if not isinstance(node, SequenceNode) or not 1 <= len(node.value) <= MAX_FUNNELS:
            said = f"a list of {len(node.value)}" if isinstance(node, SequenceNode) else kind(file.values["funnels"])
            message = f"must be a list of 1 to {MAX_FUNNELS} funnels, not {said}"
            self.result.complaints.append(Complaint(node.start_mark, "funnels", message))
            self._check_alone(shared)
            return
        for item, value in zip(node.value, file.values["funnels"], strict=True):
            if len(self.result.complaints) > MAX_COMPLAINTS:
                return
            if isinstance(item, MappingNode):
                own = _Layer({key: (at, node) for key, at, node in pairs(item)}, value)
                self.read_funnel(own, shared, item.start_mark)
            else:
                message = f"must be a funnel, a mapping of keys to values, not {kind(value)}"
                self.result.complaints.append(Complaint(item.start_mark, "funnels", message))
        self._check_names(node)
        self._note_unused(shared, node)

    def read_funnel(self, own: _Layer, shared: _Layer, place: Any) -> None:
        """Reads one funnel; the options are laid over it if it is picked, or if none is."""
        name = own.values.get("funnel")
        picked = not self._picked or name in self._picked
        layer = own.over(shared)
        if picked:
            self._check_alone(_Layer({k: layer.nodes[k] for k in layer.nodes if k in self._above.nodes}, layer.values))
            layer = self._above.over(layer)
        self._check_alone(_Layer({k: shared.nodes[k] for k in shared.nodes if k in own.nodes}, shared.values))
        layer = layer.over(_preset(layer))
        node = MappingNode(TAG + "map", list(layer.nodes.values()), place, place)
        if isinstance(name, str):
            self.result.names.append(name)
        keys = self._checked_keys(layer.values, node)
        if keys and picked:
            folder = "" if "logs" in self._above.nodes else self._folder
            self.result.funnels.append(built(keys, self._more, folder))
            self.result.notes += [f"{keys.funnel}: {note}" for note in notes(keys, self._more)]

    def _check_alone(self, layer: _Layer) -> None:
        """Complains about values that nobody uses, each by itself."""
        for key, (at, value) in layer.nodes.items():
            if (key, id(value)) in self._checked:
                continue
            self._checked.add((key, id(value)))
            node = MappingNode(TAG + "map", [(at, value)], at.start_mark, at.start_mark)
            self._checked_keys({key: layer.values[key]}, node, missing=False)

    def _checked_keys(self, values: dict[str, Any], node: Node, *, missing: bool = True) -> FunnelKeys | None:
        """The keys if they are right, each by itself and together; else complaints."""
        context: dict[str, Any] = {"now": self._now, "names": set(), "faults": []}
        keys, told = None, []
        try:
            keys = FunnelKeys.model_validate(values, context=context)
        except ValidationError as error:
            told = complaints(error, node, FunnelKeys, self._blamed, missing=missing)
        self.result.complaints += [*told, *disagreements(context["faults"], node, self._blamed)]
        return None if context["faults"] else keys

    def _told(self, values: Values) -> None:
        self.result.complaints += [Complaint(place, "", message) for place, message in values.complaints]

    def _conditions(self, node: Node, value: Any) -> tuple[Condition, ...]:
        """The conditions of one `--where`."""
        try:
            return conditions(TypeAdapter(Where).validate_python(value))
        except ValidationError as error:
            self.result.complaints += complaints(error, node, Comparison, self._blamed)
            return ()

    def _check_names(self, node: SequenceNode) -> None:
        seen: set[str] = set()
        for item in node.value:
            for key, _, value in pairs(item):
                if key == "funnel" and isinstance(value, ScalarNode):
                    if value.value in seen:
                        message = f"a second funnel {shown(value.value)}; give every funnel its own name"
                        self.result.complaints.append(Complaint(value.start_mark, "funnel", message))
                    seen.add(value.value)

    def _note_unused(self, shared: _Layer, node: SequenceNode) -> None:
        own = [{key for key, _, _ in pairs(item)} for item in node.value]
        for key, (at, _) in shared.nodes.items():
            if all(key in keys for keys in own):
                where = f"{at.start_mark.name}:{at.start_mark.line + 1}"
                self.result.notes.append(f"{where}: every funnel has its own `{key}`; the shared one is not used")


def _preset(layer: _Layer) -> _Layer:
    """The keys that the layer's `semantics` sets; their place is its own."""
    keys = preset_keys(layer.values.get("semantics"))
    if not keys:
        return _Layer({}, {})
    place = layer.nodes["semantics"][1].start_mark
    text = {key: (ScalarNode(TAG + "str", key, place), ScalarNode(TAG + "str", keys[key], place)) for key in keys}
    return _Layer(dict(text), dict(keys))
