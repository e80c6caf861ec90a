"""Why a row was not used: the first rule of the funnel that the journey would break with it.

In come a row, the journey that counts with its rows, and all rows of the unit; out comes a `Reason`, of which the
table makes words. A row is held against the stage that the journey needs next, if it matches that; else against the
latest stage it matches that was reached (would it have done instead of the row used?); else it came out of order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from funnelcli.config.frames import instant as moment
from funnelcli.config.frames import micros
from funnelcli.engine.limits import limits
from funnelcli.errors import Bug
from funnelcli.reports.used import agree, instant

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.engine.door import Row
    from funnelcli.engine.limits import Limits, Span
    from funnelcli.reports.used import Walk


@dataclass(frozen=True)
class Reason:
    """Why a row was not used, or a unit does not count. `kind` is a key of the words in `tables.explain`.

    `stage` and `other` are the stages it is about, `over` is by how much a limit was missed, `event` and `at` tell
    of another row, `columns` are those of `same` in which rows differ.
    """

    kind: str
    stage: str | None = None
    other: str | None = None
    over: timedelta | None = None
    event: str | None = None
    at: datetime | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One journey of a unit: its rows among all of the unit that take part; None for a unit that did not enter.

    `excluded` says that the unit is taken out, and the journey is the deepest as if nothing had excluded it.
    """

    funnel: Funnel
    rows: Sequence[Row]
    walk: Walk | None
    excluded: bool = False

    @property
    def names(self) -> list[str]:
        """The required stages."""
        return [self.funnel.stages[position].name for position in self.funnel.required]


def reason(row: Row, case: Case) -> Reason:
    """Why the journey did not use the row."""
    funnel, walk = case.funnel, case.walk
    required = [place for place, position in enumerate(funnel.required) if row.match >> position & 1]
    optional = [place for place, stage in enumerate(funnel.stages) if stage.optional and row.match >> place & 1]
    if not required and not optional:
        return _of_no_stage(row, case)
    if walk is None:
        can_enter = bool(required) if funnel.order == "any" or funnel.start == "open" else 0 in required
        return Reason("out_of_range") if can_enter else Reason("out_of_order", case.names[0])
    if funnel.start == "open":
        return _of_open_funnel(row, required, case, walk)
    if funnel.order == "any":
        return _in_any_order(row, required, case, walk)
    if not required:
        return _optional(row, optional, case, walk)
    return _in_order(row, required, case, walk)


def _of_no_stage(row: Row, case: Case) -> Reason:
    """Why a row that matches no stage, or none that its `first` allows, does not count."""
    funnel = case.funnel
    for position, stage in enumerate(funnel.stages):
        if row.denied >> position & 1:
            return Reason("first", stage.name)
    spans = [span for span in limits(funnel).spans if row.match >> (len(funnel.stages) + span.number) & 1]
    if not spans:
        named = (stage.name for stage in funnel.stages if any(row.event in match.events for match in stage.matches))
        unmet = next(named, None)
        return Reason("other_event") if unmet is None else Reason("conditions", unmet)
    guards = {span: (case.names[span.first], case.names[span.last]) for span in spans}
    for span, (first, last) in guards.items():
        if case.walk is not None and _stands(row, span, case, case.walk):
            return Reason("removes" if span.removes else "ends", first, last)
    return Reason("harmless", *guards[spans[0]])


def _stands(row: Row, span: Span, case: Case, walk: Walk) -> bool:
    """Whether an excluded row lies where it changes what counts: after the first of its two stages, in the window."""
    chain, window = walk.chain, limits(case.funnel).window
    if len(chain) <= span.first or row.time <= chain[span.first].time or span.removes != case.excluded:
        return False
    if len(chain) > span.last:
        return row.time < chain[span.last].time
    return window is None or row.time - chain[0].time <= window


def _in_order(row: Row, required: list[int], case: Case, walk: Walk) -> Reason:
    """Why a row that matches required stages was not used by a journey that reaches them in order."""
    funnel, chain, names = case.funnel, walk.chain, case.names
    depth = len(chain)
    if instant(row, funnel) < instant(chain[0], funnel) and 0 not in required:
        return Reason("before_entry")
    near = [place for place in required if place <= depth]
    place = max(near, default=min(required))
    if instant(row, funnel) < instant(chain[0], funnel):
        place = 0
    if place > depth:
        return _disagrees(row, chain[0], funnel) or _late(row, case, walk) or Reason("out_of_order", names[depth])
    if place < depth and instant(row, funnel) >= instant(chain[place], funnel):
        return _disagrees(row, chain[0], funnel) or _other_used(row, chain[place], names[place])
    path = [*chain[:place], row, *chain[place + 1 :]]
    found = next(_broken(path, place, case), None)
    if found is None and place == 0 and funnel.entry == "latest":
        return Reason("later_row", names[0])
    if found is None:
        raise Bug(f"nothing speaks against {row} at stage {names[place]} of {walk.journey}")
    return found


def _other_used(row: Row, used: Row, stage: str) -> Reason:
    return Reason("same_time" if row.time == used.time else "earlier_row", stage)


def _late(row: Row, case: Case, walk: Walk) -> Reason | None:
    """That the window was over at the row, if it was."""
    window = limits(case.funnel).window
    over = 0 if window is None else row.time - walk.chain[0].time - window
    return Reason("window", over=timedelta(microseconds=over)) if over > 0 else None


def _disagrees(row: Row, other: Row, funnel: Funnel) -> Reason | None:
    """That rows of one journey would differ in the columns of `same`, if they do."""
    if agree(row, other):
        return None
    pairs = list(zip(funnel.same, row.same, other.same, strict=True))
    empty = tuple(column for column, value, there in pairs if value is None or there is None)
    return (
        Reason("no_value", columns=empty)
        if empty
        else Reason("same", columns=tuple(column for column, value, there in pairs if value != there))
    )


def _broken(path: Sequence[Row], place: int, case: Case) -> Iterator[Reason]:
    """The rules that the journey over `path` breaks because of its row at `place`, the plainest first."""
    yield from _misplaced(path, place, case)
    yield from _out_of_time(path, place, case)
    limit = limits(case.funnel)
    for span in () if case.excluded else limit.spans:
        yield from _spoilt(path, span, limit, case)
    if case.funnel.order == "strict":
        inside = [other for other in case.rows if path[0].time < other.time < path[-1].time and other not in path]
        yield from (Reason("strict", event=other.event, at=moment(other.time)) for other in inside[:1])


def _misplaced(path: Sequence[Row], place: int, case: Case) -> Iterator[Reason]:
    """That the row may not enter, is of another kind, or does not follow the row before."""
    funnel, row, before = case.funnel, path[place], path[max(place - 1, 0)]
    if place == 0 and not _in_range(row, funnel):
        yield Reason("out_of_range")
    if len(path) > 1 and (differs := _disagrees(row, path[0] if place else path[1], funnel)):
        yield differs
    if place and instant(row, funnel) < instant(before, funnel):
        yield Reason("out_of_order", case.names[place - 1])
    if place and funnel.ties == "strict" and row.time == before.time:
        yield Reason("at_once", case.names[place - 1])


def _out_of_time(path: Sequence[Row], place: int, case: Case) -> Iterator[Reason]:
    """That the window, or `within` or `after` of the steps to the row and from it, is not kept."""
    names, limit = case.names, limits(case.funnel)
    over = 0 if limit.window is None else path[-1].time - path[0].time - limit.window
    if over > 0:
        kind, stage = ("window_at", names[len(path) - 1]) if place == 0 else ("window", None)
        yield Reason(kind, stage, over=timedelta(microseconds=over))
    for here in range(max(place, 1), min(place + 2, len(path))):
        step = _step(path[here - 1 : here + 1], (names[here - 1], names[here]), limit.within[here], limit.after[here])
        if step:
            yield replace(step, kind="early_within") if here > place and step.kind == "within" else step


def _step(rows: Sequence[Row], names: tuple[str, str], within: int | None, after: int) -> Reason | None:
    """That the step between two rows breaks `within` or `after`, if it does."""
    took = rows[1].time - rows[0].time
    if within is not None and took > within:
        return Reason("within", *names, timedelta(microseconds=took - within))
    return Reason("after", *names, timedelta(microseconds=after - took)) if took < after else None


def _spoilt(path: Sequence[Row], span: Span, limit: Limits, case: Case) -> Iterator[Reason]:
    """The first excluded row that spoils the path."""
    if len(path) <= span.first:
        return
    stops = len(path) <= span.last
    begin, end = path[span.first].time, path[-1 if stops else span.last].time
    bit = 1 << (len(case.funnel.stages) + span.number)
    for row in case.rows:
        after = span.removes and stops and row.time > path[-1].time
        if after and limit.window is not None:
            after = row.time - path[0].time <= limit.window
        if row.match & bit and (begin < row.time < end or after):
            yield Reason("excluded", event=row.event, at=moment(row.time))
            return


def _in_range(row: Row, funnel: Funnel) -> bool:
    since, until = funnel.since, funnel.until
    return (since is None or row.time >= micros(since)) and (until is None or row.time < micros(until))


def _optional(row: Row, optional: list[int], case: Case, walk: Walk) -> Reason:
    """Why a row that matches only optional stages was not used."""
    funnel, chain = case.funnel, walk.chain
    if instant(row, funnel) < instant(chain[0], funnel):
        return Reason("before_entry")
    before = {position: sum(each < position for each in funnel.required) for position in optional}
    position = max((each for each in optional if before[each] <= len(chain)), default=min(optional))
    used = walk.stages.get(position)
    if differs := _disagrees(row, chain[0], funnel):
        return differs
    if used is not None and instant(row, funnel) >= instant(used, funnel):
        return _other_used(row, used, funnel.stages[position].name)
    if late := _late(row, case, walk):
        return late
    if before[position] > len(chain):
        return Reason("out_of_order", case.names[len(chain)])
    found = _beside(row, position, before[position], case, walk)
    if found is None:
        raise Bug(f"nothing speaks against {row} at the optional stage {position} of {walk.journey}")
    return found


def _beside(row: Row, position: int, place: int, case: Case, walk: Walk) -> Reason | None:
    """That a row does not fit between the required stages before and after an optional one; `place` is the latter."""
    funnel, names, stage = case.funnel, case.names, case.funnel.stages[position]
    last, following = walk.chain[place - 1], walk.chain[place : place + 1]
    if instant(row, funnel) < instant(last, funnel):
        return Reason("out_of_order", names[place - 1])
    if following and instant(row, funnel) > instant(following[0], funnel):
        return Reason("overtaken", names[place])
    for number, other in enumerate((last, *following), start=place - 1):
        if funnel.ties == "strict" and other.time == row.time:
            return Reason("at_once", names[number])
    within = None if stage.within is None else micros(stage.within)
    after = 0 if stage.after is None else micros(stage.after)
    return _step((last, row), (names[place - 1], stage.name), within, after)


def _of_open_funnel(row: Row, required: list[int], case: Case, walk: Walk) -> Reason:
    """Why a row is no first completion of its stages."""
    if not _in_range(row, case.funnel):
        return Reason("out_of_range")
    place = max(required)
    return _other_used(row, walk.stages[place], case.names[place])


def _in_any_order(row: Row, required: list[int], case: Case, walk: Walk) -> Reason:
    """Why a row was not used by a journey in any order."""
    funnel, chain, limit = case.funnel, walk.chain, limits(case.funnel)
    done = {used: case.names[stage] for stage, used in walk.stages.items()}
    first = instant(row, funnel) < instant(chain[0], funnel)
    if first and not _in_range(row, funnel):
        return Reason("out_of_range")
    if differs := _disagrees(row, chain[0], funnel):
        return differs
    over = 0 if limit.window is None or not first else chain[-1].time - row.time - limit.window
    if over > 0:
        return Reason("window_at", done[chain[-1]], over=timedelta(microseconds=over))
    if late := _late(row, case, walk):
        return late
    path = sorted([*chain, row], key=lambda each: instant(each, funnel))
    if first or any(stage not in walk.stages for stage in required):
        for span in () if case.excluded else limit.spans:
            for spoiler in _spoilt(path, span, limit, case):
                return spoiler
    if funnel.ties == "strict" and any(stage not in walk.stages for stage in required):
        return next(
            (Reason("at_once", done[other]) for other in chain if other.time == row.time),
            Reason("other_row", case.names[max(required)]),
        )
    earlier = [stage for stage in required if stage in walk.stages and walk.stages[stage].time <= row.time]
    if earlier:
        stage = max(earlier)
        return _other_used(row, walk.stages[stage], case.names[stage])
    name = case.names[max(required)]
    return Reason("later_row" if first and funnel.entry == "latest" else "other_row", name)
