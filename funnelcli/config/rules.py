"""The rules that join several keys: combinations that mean nothing, and stages that can never be reached.

`RULES` has one function per key. It takes the key's value and the keys before it that were right, in the order of
the grammar's fields, and yields a `Fault` for each thing that does not go together. A fault is told only
where it is certain; what merely looks odd is a note.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from funnelcli.config import goals
from funnelcli.config.certain import contradiction, unreachable
from funnelcli.config.conditions import conditions
from funnelcli.config.faults import Before, Fault, Faults, Stages, apart, meant
from funnelcli.config.nodes import shown
from funnelcli.config.presets import effect_of, preset_keys, within_of
from funnelcli.config.stages import MAX_STAGES
from funnelcli.config.times import written

if TYPE_CHECKING:
    from funnelcli.config.conditions import Where
    from funnelcli.config.exclusions import ExclusionKeys
    from funnelcli.config.funnel import Condition
    from funnelcli.config.stages import EventMatch, StageKeys

SEGMENT_FROM = ("entry", "first", "last", "any")
"""Where a segment may be read, besides a stage."""


# Stages


def _stages(stages: Stages, before: Before) -> Faults:
    first = stages[0]
    if first.optional:
        said = f"{shown(first.name)} is the first stage, which every unit enters by; it cannot be optional"
        yield Fault(f"{said}; remove the key", ("stages", 0, "optional"))
    elif sum(not stage.optional for stage in stages) < 2:
        yield Fault("a funnel needs two stages or more that are not optional", ("stages",))
    for key in ("within", "after"):
        if getattr(first, key) is not None:
            said = f"{shown(first.name)} is the first stage, and no stage is before it; remove the key"
            yield Fault(said, ("stages", 0, key))
    yield from _too_late(stages, before)
    yield from _never_again(stages, apart=False)
    if "columns" in before:
        for position, stage in enumerate(stages):
            column = unreachable(stage, (), before["columns"].event)
            if column is not None:
                yield _never(stage, column, position)


def _never(stage: StageKeys, column: str, position: int) -> Fault:
    said = f"{shown(stage.name)} can never be reached: no row satisfies all conditions on {shown(column)}"
    return Fault(f"{said}; change one", ("stages", position))


def _too_late(stages: Stages, before: Before) -> Faults:
    """The first stage that `after` puts later than the window, or than the `within` that a preset makes of it."""
    window: timedelta | None = before.get("window")
    limit = within_of(before.get("semantics"), window)
    passed = timedelta(0)
    for position, stage in enumerate(stages):
        if window is None or stage.after is None or position == 0:
            continue
        earliest = passed + stage.after
        said = f"{shown(stage.name)} can never be reached: it comes {written(earliest)} or more after"
        if limit is None and earliest > window:
            reason = f"the first stage, and the window is {written(window)}; shorten `after`, or widen the window"
            yield Fault(f"{said} {reason}", ("stages", position, "after"), ("window",))
            return
        if limit is not None and stage.within is None and stage.after > limit:
            reason = f"the stage before, and `semantics: ga4` makes the window of {written(limit)} its `within`"
            said = f"{shown(stage.name)} can never be reached: it comes {written(stage.after)} or more after"
            message = f"{said} {reason}; shorten `after`, or write its `within`"
            yield Fault(message, ("stages", position, "after"), ("window", "semantics"))
        if not stage.optional:
            passed = earliest


def _never_again(stages: Stages, *, apart: bool) -> Faults:
    """Stages whose first row is that of a stage before, while it must be another one: `apart`, or by their `after`."""
    for position, stage in enumerate(stages):
        for earlier, other in enumerate(stages[:position]):
            between = [*(each for each in stages[earlier + 1 : position] if not each.optional), stage]
            later = apart or any(each.after for each in between)
            if later and not other.optional and _has_same_first(other, stage):
                said = f"{shown(stage.name)} can never be reached: the unit's first row for it is not later than that"
                message = f"{said} for {shown(other.name)}; remove `first` from one of them"
                yield Fault(message, ("stages", position, "first"), ("ties",))
                break


def _has_same_first(one: StageKeys, other: StageKeys) -> bool:
    """Whether the first row for `other` is never later than the first for `one`."""
    if one.first == other.first == "event":
        return {each.event for each in one.events} <= {each.event for each in other.events}
    return one.first == other.first == "match" and (one.events, one.where) == (other.events, other.where)


def _where(where: Where, before: Before) -> Faults:
    given = conditions(where)
    column = contradiction(given)
    if column is not None:
        yield Fault(f"no row satisfies all conditions on {shown(column)}; change one", ("where",))
    elif "columns" in before:
        event = before["columns"].event
        for position, stage in enumerate(before.get("stages", ())):
            column = unreachable(stage, given, event)
            if column is not None and unreachable(stage, (), event) is None:
                yield _never(stage, column, position)


# Orders and ways of counting


def _order(order: str, before: Before) -> Faults:
    stages: Stages = before.get("stages", ())
    if order == "any" and before.get("semantics") == "ga4":
        limits = "`semantics: ga4`, which limits the time from the stage before,"
        yield apart(limits, "`order: any`", ("order",), "order", "semantics")
    refused = {"any": ("within", "after", "optional"), "strict": ("optional",)}.get(order, ())
    for position, stage in enumerate(stages):
        for key in refused:
            if getattr(stage, key):
                yield apart(f"`{key}`", f"`order: {order}`", ("stages", position, key), "order")


def _ties(ties: str, before: Before) -> Faults:
    if ties != "stage" and before.get("order", "any") != "any":
        yield from _never_again(before.get("stages", ()), apart=True)


def _entry(before: Before) -> str | None:
    """The key `entry` as a message names it, where it is not the default; and the preset that it is from."""
    entry, semantics = before.get("entry", "earliest"), before.get("semantics")
    if entry == "earliest":
        return None
    whose = f" of `semantics: {semantics}`" if preset_keys(semantics).get("entry") == entry else ""
    return f"`entry: {entry}`{whose}"


def _start(start: str, before: Before) -> Faults:
    if start != "open":
        return
    semantics, order, entry = before.get("semantics"), before.get("order", "loose"), _entry(before)
    if semantics:
        yield apart("`semantics`", "`start: open`", ("start",), "start", "semantics")
    elif entry:
        yield apart(entry, "`start: open`", ("start",), "start", "entry")
    if order != "loose":
        yield apart(f"`order: {order}`", "`start: open`", ("start",), "start", "order")
    for position, stage in enumerate(before.get("stages", ())):
        for key in ("optional", "first"):
            if getattr(stage, key):
                yield apart(f"`{key}`", "`start: open`", ("stages", position, key), "start")


def _count(count: str, before: Before) -> Faults:
    if count != "attempts":
        return
    if before.get("start") == "open":
        yield apart("`count: attempts`", "`start: open`", ("count",), "count", "start")
    if entry := _entry(before):
        yield apart(entry, "`count: attempts`", ("count",), "count", "entry")


def _same(same: tuple[str, ...], before: Before) -> Faults:
    if same and before.get("start") == "open":
        yield apart("`same`", "`start: open`", ("same",), "same", "start")


def _session(session: timedelta | str, before: Before) -> Faults:
    if {"columns", "unit"} <= before.keys() and (before["unit"] or (before["columns"].user,)) == (session,):
        message = f"{shown(str(session))} is the unit itself; name another column, or in `unit` the column of the users"
        yield Fault(message, ("session",), ("session", "unit"))


# Exclusions


def _exclude(exclude: tuple[ExclusionKeys, ...], before: Before) -> Faults:
    if before.get("start") == "open":
        yield apart("`exclude`", "`start: open`", ("exclude",), "exclude", "start")
    semantics, stages = before.get("semantics"), before.get("stages", ())
    for number, each in enumerate(exclude):
        if before.get("count") == "attempts" and (each.effect or effect_of(semantics)) == "remove":
            whose = "" if each.effect else f" of `semantics: {semantics}`"
            keys = ("count", *(() if each.effect else ("semantics",)))
            yield apart(f"`effect: remove`{whose}", "`count: attempts`", ("exclude", number, "effect"), *keys)
        if each.between and before.get("order") == "any":
            yield apart("`between`", "`order: any`", ("exclude", number, "between"), "order")
        elif stages:
            wrong = list(_between(each, stages, number))
            yield from wrong or _own_stage(each, stages, number)
    if len(stages) + len(exclude) > MAX_STAGES:
        said = f"{len(stages)} stages and {len(exclude)} exclusions; {MAX_STAGES} together are the most"
        yield Fault(f"{said}; join exclusions into one, `events: [a, b]`", ("exclude",), ("exclude",))


def _between(each: ExclusionKeys, stages: Stages, number: int) -> Faults:
    """What is wrong with the names: they must be two required stages, in their order."""
    positions = {stage.name: position for position, stage in enumerate(stages)}
    names = [stage.name for stage in stages if not stage.optional]
    for end, name in enumerate(each.between):
        place = ("exclude", number, "between", end)
        if name not in positions:
            yield Fault(f"{shown(name)} is not a stage; {meant(name, names)}", place)
        elif name not in names:
            yield Fault(f"{shown(name)} is an optional stage; name one that is required", place)
    if each.between and set(each.between) <= set(names):
        first, last = each.between
        if positions[first] > positions[last]:
            message = f"{shown(last)} comes before {shown(first)} in the funnel; write them in its order"
            yield Fault(message, ("exclude", number, "between"))


def _own_stage(each: ExclusionKeys, stages: Stages, number: int) -> Faults:
    """An event that completes a stage of the exclusion's own range, with nothing that tells the two apart.

    At the ends of the range the conditions must be the same. In between, rows of the stage are excluded
    also when it has more conditions than the exclusion.
    """
    required = [stage for stage in stages if not stage.optional]
    names = [stage.name for stage in required]
    first, last = (names.index(name) for name in each.between) if each.between else (0, len(required) - 1)
    excluded = _conditions(each.events, each.where)
    for position in range(first, last + 1):
        stage = required[position]
        for event, known in _conditions(stage.events, stage.where):
            same = [conditions for other, conditions in excluded if other == event]
            if known in same or (first < position < last and any(conditions <= known for conditions in same)):
                said = f"{shown(event)} also completes {shown(stage.name)}, a stage of the exclusion's own range"
                message = f"{said}; name other stages in `between`, or tell them apart with `where`"
                yield Fault(message, ("exclude", number))
                return


def _conditions(events: tuple[EventMatch, ...], where: Where) -> list[tuple[str, frozenset[Condition]]]:
    """Each event, with all conditions on its rows."""
    every = conditions(where)
    return [(each.event, frozenset((*every, *conditions(each.where)))) for each in events]


# Segments


def _segment_from(value: str, before: Before) -> Faults:
    if value in SEGMENT_FROM or "stages" not in before:
        return
    stages: Stages = before["stages"]
    names = [stage.name for stage in stages]
    if value not in names:
        said = f"{shown(value)} is neither a stage nor one of {', '.join(SEGMENT_FROM)}"
        message = f"{said}; {meant(value, names, *SEGMENT_FROM)}"
        yield Fault(message, ("segment_from",))
    elif before.get("order") == "any":
        said = f"{shown(value)} has no place of its own with `order: any`"
        message = f"{said}; write one of {', '.join(SEGMENT_FROM)}"
        yield Fault(message, ("segment_from",), ("segment_from", "order"))
    elif stages[names.index(value)].optional:
        yield Fault(f"{shown(value)} is an optional stage; name one that is required", ("segment_from",))


RULES: dict[str, Callable[[Any, Before], Faults]] = {
    "stages": _stages,
    "where": _where,
    "order": _order,
    "ties": _ties,
    "start": _start,
    "count": _count,
    "same": _same,
    "session": _session,
    "exclude": _exclude,
    "segment_from": _segment_from,
    "value": goals.value,
    "targets": goals.targets,
    "checks": goals.checks,
}
"""The rules that stand at each key, which must be one of the grammar's fields."""
