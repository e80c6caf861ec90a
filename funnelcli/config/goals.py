"""The rules of `value`, `targets` and `checks`: the stages that they name, and that there is a last one."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from funnelcli.config.basics import nearest
from funnelcli.config.faults import KEY, Before, Fault, Faults, Stages, apart
from funnelcli.config.funnel import line_names
from funnelcli.config.nodes import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from funnelcli.config.checks import CheckKeys


_STAGE = re.compile(r"(?:^|\.)stages\[([^\]]*)\]")


def value(_: str, before: Before) -> Faults:
    """What a conversion is worth stands on the row of the last stage, and in any order there is none."""
    if before.get("order") == "any":
        yield apart("`value`", "`order: any`", ("value",), "order")


def targets(targets: Mapping[str, float], before: Before) -> Faults:
    """A target is of a stage rate, which required stages after the first have."""
    stages: Stages = before.get("stages", ())
    if before.get("order") == "any":
        if targets:
            yield apart("`targets`", "`order: any`", ("targets",), "order")
        return
    optional = [stage.name for stage in stages if stage.optional]
    first, *later = [stage.name for stage in stages if not stage.optional] or [""]
    for name in targets if stages else ():
        place = ("targets", name, KEY)
        if name == first:
            yield Fault(f"{shown(name)} is the first stage, which has no stage rate; {_one_of(later)}", place)
        elif name in optional:
            yield Fault(f"{shown(name)} is an optional stage; name one that is required", place)
        elif name not in later:
            yield Fault(f"{shown(name)} is not a stage; {_meant(name, later)}", place)


def checks(checks: tuple[CheckKeys, ...], before: Before) -> Faults:
    """Names are there once; a fall is that of a line of the report after the first."""
    seen: Counter[str] = Counter()
    for number, check in enumerate(checks):
        seen[check.name] += 1
        if seen[check.name] == 2:
            message = f"a second check {shown(check.name)}; give every check its own name"
            yield Fault(message, ("checks", number, "name"))
        if check.fall is not None and "stages" in before:
            yield from _fall(check.fall, before, number)
        if check.get is not None and "stages" in before:
            yield from _get(check.get, before, number)


def _lines(before: Before) -> list[str]:
    return line_names([each.name for each in before["stages"]], before.get("order", "loose"))


def _get(path: str, before: Before, number: int) -> Faults:
    """A path to a stage names one of the report's lines, or its place."""
    named = _STAGE.search(path)
    names = _lines(before)
    if named is None or named[1].startswith('"') or "=" in named[1]:
        return
    if named[1] not in names and not (named[1].isdecimal() and 1 <= int(named[1]) <= len(names)):
        said = f"{shown(named[1])} is not a stage of the report; {_meant(named[1], names)}"
        yield Fault(said, ("checks", number, "get"), ("order",))


def _fall(stage: str, before: Before, number: int) -> Faults:
    place, in_any_order = ("checks", number, "fall"), before.get("order") == "any"
    first, *later = _lines(before)
    if stage == first and before.get("start") != "open":
        yield Fault(f"{shown(stage)} comes first, and all who enter reach it; {_one_of(later)}", place, ("order",))
    elif stage not in (first, *later):
        said = "is not a line of the report with `order: any`" if in_any_order else "is not a stage"
        yield Fault(f"{shown(stage)} {said}; {_meant(stage, later)}", place, ("order",))


def _meant(name: str, names: Sequence[str]) -> str:
    near = nearest(name, names)
    return f"did you mean {shown(near)}?" if near else _one_of(names)


def _one_of(names: Sequence[str]) -> str:
    return f"name one of {', '.join(map(shown, names))}"
