"""The definition's journeys: every tuple of rows that is one, and the written order that says which counts.

Every candidate is listed, those that break a rule are struck out, and the rest are put in order. Plain Python,
nothing of funnelcli.
"""

from __future__ import annotations

from itertools import pairwise, permutations, product
from math import inf
from typing import TYPE_CHECKING, Any

from tests.oracle.rows import Funnel, Row, Stage, completes, in_range, instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Path = tuple[Row, ...]
"""Different rows of one unit, the j-th for the j-th required stage: a journey, if it keeps the rules."""


class Unit:
    """One unit (or one session of it): its rows, which stages each matches, and the funnel."""

    def __init__(
        self, rows: list[Row], funnel: Funnel, matching: Mapping[int, frozenset[int]], end: int | None
    ) -> None:
        self.rows, self.funnel, self.matching, self.end = rows, funnel, matching, end
        self.required = [number for number, stage in enumerate(funnel["stages"]) if not stage.get("optional")]
        self.any_order = funnel.get("order") == "any"

    def matches(self, row: Row, number: int) -> bool:
        return number in self.matching[row.position]

    def enters(self, row: Row) -> bool:
        """Whether a journey may begin with the row: it matches the first stage (`order: any`: any) in the range."""
        wanted = self.required if self.any_order else self.required[:1]
        return in_range(row, self.funnel) and any(self.matches(row, number) for number in wanted)


def candidates(unit: Unit, rows: Sequence[Row]) -> Iterator[Path]:
    """Every tuple of different rows whose j-th row matches the j-th required stage, in the order of their times."""
    for depth in range(1, len(unit.required) + 1):
        stages = unit.required[:depth]
        paths: Iterable[Path] = product(*([row for row in rows if unit.matches(row, stage)] for stage in stages))
        if unit.any_order:
            paths = permutations((row for row in rows if unit.matching[row.position]), depth)
        for path in paths:
            different = len({row.position for row in path}) == depth
            if different and in_order(path, unit.funnel) and (not unit.any_order or completes_different(unit, path)):
                yield path


def completes_different(unit: Unit, path: Path) -> bool:
    """Whether each row of the path can complete a stage of its own."""
    return any(
        all(unit.matches(row, number) for row, number in zip(path, numbers, strict=True))
        for numbers in permutations(unit.required, len(path))
    )


def in_order(path: Path, funnel: Funnel) -> bool:
    """Whether the rows follow each other: within an instant freely, with `strict` never, with `row` as in the input."""
    steps = [(instant(a, funnel), instant(b, funnel)) for a, b in pairwise(path)]
    return all(a < b if funnel.get("ties") == "strict" else a <= b for a, b in steps)


def keeps_limits(unit: Unit, path: Path) -> bool:
    """Whether the path keeps the window, `within`, `after`, `same` and `order: strict`; exclusions are apart."""
    funnel = unit.funnel
    window = funnel.get("window")
    if window is not None and any(row.time - path[0].time > window for row in path):
        return False
    for before, row, number in zip(path, path[1:], unit.required[1:], strict=False):
        if not keeps_step(before, row, funnel["stages"][number]):
            return False
    if not all(agrees(path[0], row, funnel) for row in path[1:]):
        return False
    if funnel.get("order") == "strict":
        outside = [row for row in unit.rows if row not in path]
        return not any(path[0].time < row.time < path[-1].time for row in outside)
    return True


def keeps_step(before: Row, row: Row, stage: Stage) -> bool:
    """Whether the time since the required stage before keeps `within` and `after`."""
    took = row.time - before.time
    return bool(stage.get("after", 0) <= took <= stage.get("within", inf))


def agrees(first: Row, row: Row, funnel: Funnel) -> bool:
    """Whether the row has the first row's values in the columns of `same`; null agrees with nothing."""
    values = [(first.columns.get(column), row.columns.get(column)) for column in funnel.get("same", ())]
    return all(a is not None and a == b for a, b in values)


def is_clean(unit: Unit, path: Path, exclusion: Stage) -> bool:
    """Whether no excluded row spoils the path; for `remove` also none after the last row of a path that stops early."""
    begin, finish = between(unit, exclusion)
    if len(path) <= begin:
        return True
    excluded = [row.time for row in unit.rows if completes(row, exclusion)]
    stops_between = len(path) <= finish
    until = path[-1].time if stops_between else path[finish].time
    if any(path[begin].time < time < until for time in excluded):
        return False
    if exclusion.get("effect") == "remove" and stops_between:
        over = path[0].time + unit.funnel.get("window", inf)
        return not any(path[-1].time < time <= over for time in excluded)
    return True


def between(unit: Unit, exclusion: Stage) -> tuple[int, int]:
    """The places (from 0) on a path of the two stages the exclusion stands between."""
    if "between" not in exclusion:
        return 0, len(unit.required) - 1
    names = [unit.funnel["stages"][number]["name"] for number in unit.required]
    first, last = exclusion["between"]
    return names.index(first), names.index(last)


def best(unit: Unit, rows: Sequence[Row], exclusions: Sequence[Stage], entries: Sequence[Row]) -> list[Path]:
    """The paths that count: one with `ties: row`, else all those with the same times; none if nothing enters."""
    legal = [
        path
        for path in candidates(unit, rows)
        if path[0] in entries
        and keeps_limits(unit, path)
        and all(is_clean(unit, path, exclusion) for exclusion in exclusions)
    ]
    if not legal:
        return []
    first = min(legal, key=lambda path: preference(path, unit.funnel))
    return [path for path in legal if preference(path, unit.funnel) == preference(first, unit.funnel)]


def preference(path: Path, funnel: Funnel) -> tuple[Any, ...]:
    """The written order: deepest, earliest last row, earliest (or latest) entry, earliest second row, third, …"""
    when = [instant(row, funnel) for row in path]
    entry = tuple(-part for part in when[0]) if funnel.get("entry") == "latest" else when[0]
    return (-len(path), when[-1], entry, *when[1:])
