"""How tests of this room make events with every row of the units, and read a unit's rows back."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.config.frames import carried
from funnelcli.events.shape import Account, Events
from tests import oracle, worlds

if TYPE_CHECKING:
    from tests.oracle import Row
    from tests.worlds import World


def everything(packed: Sequence[World], funnel: oracle.Funnel, *, shuffle: int | None = None) -> Events:
    """The worlds as the units 0, 1, … of one frame with every row, as the loader gives it for these units alone."""
    columns = list(
        dict.fromkeys([*(name for names in funnel.get("breakdowns", ()) for name in names), *funnel.get("same", ())])
    )
    rows, units, others = [], [], []
    for number, world in enumerate(packed):
        sessions = set()
        for row, session, match, denied in taking_part(world, funnel):
            values = [row.columns.get(name) for name in columns]
            place = number * 1000 + row.position
            rows.append((worlds.scattered(number, session), row.time, match, place, row.event, denied, *values))
            sessions.add(session)
        units += [(worlds.scattered(number, session), str(number), session + 1) for session in sorted(sessions)]
        for row in world:
            if not oracle.takes_part(row, funnel):
                late = "as_of" in funnel and row.time > funnel["as_of"]
                reason = "after_as_of" if late else "out_of_range"
                match = sum(oracle.completes(row, stage) << bit for bit, stage in enumerate(funnel["stages"]))
                others.append((str(number), row.time, number * 1000 + row.position, row.event, match, reason))
    if shuffle is not None:
        for lines in (rows, units, others):
            random.Random(shuffle).shuffle(lines)
    whole = {"unit": pl.UInt64, "time": pl.Int64, "match": pl.UInt64, "row": pl.UInt32}
    schema = whole | {"event": pl.String, "denied": pl.UInt64} | {carried(name): pl.String for name in columns}
    times = [row.time for world in packed for row in world]
    named = pl.DataFrame(units, schema={"unit": pl.UInt64, "@user": pl.String, "session": pl.Int64}, orient="row")
    return Events(
        rows=pl.DataFrame(rows, schema=schema, orient="row"),
        account=Account(len(times), len(rows), {}, min(times, default=None), max(times, default=None)),
        end=worlds.end(packed, funnel),
        units=named if "session" in funnel else named.drop("session"),
        others=pl.DataFrame(
            others,
            schema={"@user": pl.String, **{name: whole[name] for name in ("time", "row")}, "event": pl.String,
                    "match": pl.UInt64, "reason": pl.String},
            orient="row",
        ),
    )  # fmt: skip


def taking_part(world: World, funnel: oracle.Funnel) -> Iterator[tuple[Row, int, int, int]]:
    """(row, session from 0, match, denied) of each row of a world that takes part, whatever its event."""
    there = sorted((row for row in world if oracle.takes_part(row, funnel)), key=lambda row: row.time)
    for session, rows in enumerate(oracle.sessions(there, funnel)):
        for row in rows:
            match = sum(1 << number for number in oracle.matched(row, world, funnel))
            every = sum(oracle.completes(row, stage) << number for number, stage in enumerate(funnel["stages"]))
            for number, exclusion in enumerate(funnel.get("exclude", ()), len(funnel["stages"])):
                match |= oracle.completes(row, exclusion) << number
            yield row, session, match, every & ~match


def inside(events: Events, spans: pl.DataFrame) -> pl.DataFrame:
    """Of every row that lies inside a span its journey, time, event and place in the input."""
    met = events.rows.join(spans, on="unit")
    lying = (pl.col("time") > pl.col("begin")) & (pl.col("time") < pl.col("finish"))
    return met.filter(lying).select("journey", "time", "event", "row")
