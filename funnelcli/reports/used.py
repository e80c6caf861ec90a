"""Which rows a journey used: a journey is times, and where rows share an instant its rows have to be found.

In come the rows of one unit and its journeys; out comes a `Walk` per journey. Of rows that would do alike a walk takes
those that match the fewest stages, then by the values of the breakdowns, then those of the earliest stages, then by
event, then as they come; with `ties: row` the ones that the order of the input asks for. This is a search, in plain
Python, for the few units that are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelcli.engine.any_order import completes
from funnelcli.engine.limits import limits
from funnelcli.errors import Bug

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.engine.door import Row

Instant = tuple[int, ...]
"""What "earlier" compares: the time, and with `ties: row` then the place in the input."""


@dataclass(frozen=True)
class Walk:
    """One journey with its rows: `journey` is its row of the engine's frame, `stages` maps a stage, from 0, to a row.

    `chain` holds the rows of the required stages in order; with `order: any` in the order of time.
    """

    journey: Mapping[str, Any]
    chain: tuple[Row, ...]
    stages: Mapping[int, Row]

    @property
    def rows(self) -> set[Row]:
        """Every row that it uses."""
        return set(self.stages.values())

    def used_for(self, row: Row) -> list[int]:
        """The stages, from 0, that the row is used for."""
        return sorted(stage for stage, used in self.stages.items() if used == row)


class Place(NamedTuple):
    """One row that is looked for: at this time, matching one of these bits. `rank` puts places in order."""

    time: int
    bits: int
    rank: int
    optional: bool = False


def instant(row: Row, funnel: Funnel) -> Instant:
    """What "earlier" compares."""
    return (row.time, row.row) if funnel.ties == "row" else (row.time,)


def walks(rows: Sequence[Row], journeys: Sequence[Mapping[str, Any]], funnel: Funnel) -> list[Walk]:
    """The journeys of one unit (or session) with their rows, in the order of time.

    Raises:
        Bug: there are no rows with a journey's times.
    """
    found: list[Walk] = []
    for journey in sorted(journeys, key=lambda journey: (journey["entered"], journey["journey"])):
        if funnel.start == "open":
            found.append(_first_completions(rows, journey, funnel))
        else:
            taken = {row for walk in found for row in walk.chain}
            ended = _ended(found[-1], rows, funnel) if found and funnel.ties == "row" else None
            free = [row for row in rows if row not in taken]
            found.append(_walk(rows, free, journey, funnel, ended))
    return found


def _first_completions(rows: Sequence[Row], journey: Mapping[str, Any], funnel: Funnel) -> Walk:
    """The walk of an open funnel; one row may complete several stages."""
    stages = {}
    for stage in range(len(funnel.stages)):
        time = journey[f"stage_{stage + 1}"]
        if time is not None:
            stages[stage] = min(_candidates(Place(time, 1 << stage, stage), rows), key=_thrift(funnel))
    return Walk(journey, tuple(stages.values()), stages)


def _walk(
    rows: Sequence[Row], free: Sequence[Row], journey: Mapping[str, Any], funnel: Funnel, ended: Instant | None
) -> Walk:
    """The walk over `free` rows, which enters at `ended` or later; optional stages take of all `rows`."""
    places = _places(journey, funnel)
    required = [number for number, place in enumerate(places) if not place.optional]
    order = required
    if funnel.ties == "row":
        ends = [required[0], required[-1]] if funnel.count == "attempts" else [required[-1], required[0]]
        order = list(dict.fromkeys([*ends, *required]))
    order = [*order, *(number for number, place in enumerate(places) if place.optional)]
    offers = [_candidates(place, rows if place.optional else free) for place in places]
    if ended is not None:
        offers[0] = [row for row in offers[0] if instant(row, funnel) >= ended]
    for number, offer in enumerate(offers):
        latest = funnel.ties == "row" and funnel.entry == "latest" and required[0] == number < required[-1]
        offer.sort(key=_thrift(funnel), reverse=latest)
    chosen: dict[int, Row] = {}
    if not _search(order, places, offers, chosen, funnel):
        raise Bug(f"no rows have the times of the journey {dict(journey)}")
    chain = tuple(chosen[number] for number in required)
    if funnel.order == "any":
        return Walk(journey, chain, _completed(chain, funnel))
    return Walk(journey, chain, {places[number].rank: row for number, row in sorted(chosen.items())})


def _places(journey: Mapping[str, Any], funnel: Funnel) -> list[Place]:
    """The places of a journey, one per stage that was reached."""
    every = (1 << len(funnel.stages)) - 1
    return [
        Place(journey[f"stage_{rank + 1}"], every if funnel.order == "any" else 1 << rank, rank, stage.optional)
        for rank, stage in enumerate(funnel.stages)
        if journey[f"stage_{rank + 1}"] is not None
    ]


def _candidates(place: Place, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.time == place.time and row.match & place.bits]


def _thrift(funnel: Funnel) -> Any:
    """What puts rows that would do alike in order."""
    stages = (1 << len(funnel.stages)) - 1

    def key(row: Row) -> tuple[Any, ...]:
        if funnel.ties == "row":
            return (row.row,)
        values = [(value is None, value or "") for value in row.values]
        return ((row.match & stages).bit_count(), values, row.match & stages, row.event or "")

    return key


def _search(
    order: Sequence[int], places: Sequence[Place], offers: Sequence[list[Row]], chosen: dict[int, Row], funnel: Funnel
) -> bool:
    """Whether the places of `order` find rows beside those `chosen`, which then holds them."""
    if not order:
        return True
    number, *rest = order
    tried = set()
    for row in offers[number]:
        # Of rows alike one is enough to fail, unless the input tells them apart.
        alike = (row.match, row.same, row.row if funnel.ties == "row" else None)
        if alike in tried or not _fits(number, row, places, chosen, funnel):
            continue
        tried.add(alike)
        chosen[number] = row
        if _search(rest, places, offers, chosen, funnel):
            return True
        del chosen[number]
    return False


def _fits(number: int, row: Row, places: Sequence[Place], chosen: Mapping[int, Row], funnel: Funnel) -> bool:
    """Whether the row may stand at the place beside the rows chosen."""
    if row in chosen.values() or not all(agree(row, other) for other in chosen.values()):
        return False
    if funnel.ties == "row":
        for other, there in chosen.items():
            apart = not (places[number].optional and places[other].optional)
            if apart and (number < other) != (instant(row, funnel) < instant(there, funnel)):
                return False
    bits = (1 << len(funnel.stages)) - 1
    return funnel.order != "any" or completes([each.match & bits for each in (row, *chosen.values())])


def agree(one: Row, other: Row) -> bool:
    """Whether two rows of a journey have the same values in the columns of `same`; null agrees with nothing."""
    return all(value is not None and value == there for value, there in zip(one.same, other.same, strict=True))


def _completed(chain: Sequence[Row], funnel: Funnel) -> dict[int, Row]:
    """Which stage each row of a chain in any order completes: the first that leaves one for each row after it."""
    left = (1 << len(funnel.stages)) - 1
    found: dict[int, Row] = {}
    for number, row in enumerate(chain):
        for stage in range(len(funnel.stages)):
            without = left & ~(1 << stage)
            if row.match & left & (1 << stage) and completes([rest.match & without for rest in chain[number + 1 :]]):
                found[stage], left = row, without
                break
    return found


def _ended(walk: Walk, rows: Sequence[Row], funnel: Funnel) -> Instant | None:
    """Where an attempt ended (`ties: row`): converted, at its last row; else at an excluded row or with its window."""
    limit = limits(funnel)
    last = instant(walk.chain[-1], funnel)
    if len(walk.chain) == len(funnel.required):
        return last
    ends: list[Instant] = [] if limit.window is None else [(walk.journey["entered"] + limit.window,)]
    for span in limit.spans:
        if span.first < len(walk.chain) <= span.last:
            bit = 1 << (len(funnel.stages) + span.number)
            begin = walk.chain[span.first].time
            excluded = [row for row in rows if row.match & bit and row.time > begin]
            ends += [instant(row, funnel) for row in excluded if row.time >= last[0]]
    return min(ends, default=None)
