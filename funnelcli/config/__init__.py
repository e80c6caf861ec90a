"""YAML text and options in, frozen `Funnel`s out; every complaint with its line.

`load` is what a command calls; `problems` is the same reading for `validate`, which wants every complaint and
not the first. `schema` is the grammar as JSON Schema, `definition` a funnel as the keys that were in force.
Nothing here loads Polars.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from funnelcli.config.definition import definition
from funnelcli.config.funnel import Check, Columns, Condition, Every, Exclusion, Funnel, Match, Semantics, Stage
from funnelcli.config.nodes import shown
from funnelcli.config.options import Options
from funnelcli.config.presets import PRESETS
from funnelcli.config.reading import Reading, reading
from funnelcli.config.schema import schema
from funnelcli.errors import ConfigError, Problem, UsageError

if TYPE_CHECKING:
    from funnelcli.config.complaints import Complaint

__all__ = [
    "HERE", "PRESETS", "Check", "Columns", "Condition", "Every", "Exclusion", "Funnel", "Loaded", "Match", "Options",
    "Semantics", "Stage", "definition", "load", "problems", "schema",
]  # fmt: skip

HERE = Path("funnel.yaml")
"""The config that is used when none is named."""


@dataclass(frozen=True)
class Loaded:
    """The funnels that a command works on, in the order of the file, and notes for a person.

    With `semantics` all, the one funnel under each preset that it can have; its `semantics` tells which.
    `path` is the file that was read; None where `--stage` defined the funnel.
    """

    funnels: tuple[Funnel, ...]
    notes: tuple[str, ...]
    path: Path | None


def load(path: Path | None, *, options: Options, now: datetime) -> Loaded:
    """The funnels of a config with the command line's options over them; relative dates count back from `now`.

    With the option `semantics` all, which no file can have, the one funnel is there under each preset.
    Without a path the stages come from `--stage`, or else the file is `funnel.yaml` in this folder.

    Raises:
        UsageError: an option is wrong, or goes with no file, or picks a funnel that is not there.
        ConfigError: the file cannot be opened, or has problems; it carries all of them.
    """
    notes: list[str] = []
    if options.stage:
        if path is not None:
            raise UsageError(f"--stage: only ever defines a funnel without a config; leave out {path} or --stage")
        if options.funnel:
            raise UsageError("--funnel: picks from a config, and --stage means there is none; leave one out")
    elif path is None:
        if not HERE.exists():
            raise ConfigError(
                "no config: name one (funnelcli report shop.yaml), or define stages with --stage Name=event"
            )
        path = HERE
        notes.append(f"no config given; using {HERE}")
    found = _each_preset(path, options, now) if options.semantics == "all" else reading(path, options, now)
    _refuse(found.complaints)
    unknown = [name for name in options.funnel if name not in found.names]
    if unknown:
        there = ", ".join(shown(name) for name in found.names)
        raise UsageError(f"--funnel: {shown(unknown[0])} is not in {path}; there are {there}")
    return Loaded(tuple(found.funnels), (*notes, *found.notes), path)


def _each_preset(path: Path | None, options: Options, now: datetime) -> Reading:
    """The funnel under each preset, in the order of their table; the presets that it cannot have are noted.

    Raises:
        UsageError: there are several funnels, or one that can have no preset.
    """
    every = [reading(path, replace(options, semantics=preset), now) for preset in PRESETS]
    # The first preset sets nothing: what is wrong under it is wrong whatever the preset.
    whole = every[0]
    _refuse(whole.complaints)
    if len(whole.funnels) > 1:
        names = ", ".join(shown(funnel.name) for funnel in whole.funnels)
        raise UsageError(f"--semantics: all needs one funnel; pick with --funnel: {names}")
    for preset, found in zip(PRESETS[1:], every[1:], strict=True):
        whole.funnels += found.funnels
        whole.notes += [note for note in found.notes if note not in whole.notes]
        whole.notes += [f"{preset} is left out: {complaint.message}" for complaint in found.complaints[:1]]
    return whole


def _refuse(complaints: list[Complaint]) -> None:
    """Raises the first complaint about the command line, else all those about the file."""
    options = [each for each in complaints if each.option]
    if options:
        raise UsageError(f"{options[0].option}: {options[0].message}")
    if complaints:
        found = tuple(each.problem for each in complaints)
        more = f" (and {len(found) - 1} more; run funnelcli validate)" if len(found) > 1 else ""
        raise ConfigError(f"{found[0]}{more}", found)


def problems(path: Path, *, now: datetime | None = None) -> tuple[list[Funnel], list[Problem], list[str]]:
    """The funnels of a config that are right, every complaint in the order of the file, and notes for a person.

    Raises:
        ConfigError: the file cannot be opened.
    """
    found = reading(path, Options(), now or datetime.now(UTC))
    return found.funnels, [each.problem for each in found.complaints], found.notes
