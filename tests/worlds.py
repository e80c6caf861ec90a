"""Small worlds: every log that a unit can have with a few rows, and a tiny language for logs of a few units.

A world is the rows of one unit. `worlds` lists them all, `events` packs them as the units of one frame in the
shape that the engine reads, `expected` asks the oracle about each, and `log` writes a log on the line that uses it.
Rows lie at whole hours; their positions in the input run against time, so that only times can put them in order.
"""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from itertools import combinations_with_replacement, product
from typing import TYPE_CHECKING, Any

import polars as pl

from funnelcli.config.frames import carried
from funnelcli.config.funnel import Condition, Exclusion, Funnel, Match, Stage
from funnelcli.events.shape import Account, Events
from tests import oracle
from tests.oracle import Result, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

World = tuple[Row, ...]

HOUR = 3_600_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS: Mapping[str, tuple[str | None, ...]] = {"channel": ("x", "y", None), "device": ("p", "q", None)}
UNIT_STEP = 0x9E3779B97F4A7C15
"""An odd number: units are multiples of it, so that they lie scattered over all 64 bits as hashes do."""
SESSIONS = 16
"""More than a world can have sessions."""


def worlds(rows: int, *, ordered: bool = False, instants: int = 3, names: str = "ABC", seed: int = 7) -> list[World]:
    """Every log that a unit can have with up to `rows` rows at so many hours and with these event names.

    Rows of the same hour are a set, or with `ordered` stand in every order of the input. Their columns are drawn
    at random, the same on every run.
    """
    draw = random.Random(seed)
    found = []
    for count in range(rows + 1):
        for hours in combinations_with_replacement(range(instants), count):
            for events in product(names, repeat=count):
                moments = list(zip(hours, events, strict=True))
                if ordered or moments == sorted(moments):
                    columns = [{name: draw.choice(values) for name, values in COLUMNS.items()} for _ in moments]
                    found.append(world(moments, columns))
    return found


def world(moments: Sequence[tuple[int, str]], columns: Sequence[Mapping[str, str | None]]) -> World:
    """One unit's rows from (hour, event) in the order of time; those of a later hour stand earlier in the input."""
    return tuple(
        Row(hour * HOUR, event, 100 * (9 - hour) + place, values)
        for place, ((hour, event), values) in enumerate(zip(moments, columns, strict=True))
    )


def random_worlds(count: int, rows: int, *, instants: int = 5, names: str = "ABCD", seed: int = 1) -> list[World]:
    """So many logs of `rows` rows drawn at random, the same on every run; their rows of an hour stand in any order."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        moments = [(draw.randrange(instants), draw.choice(names)) for _ in range(draw.randint(1, rows))]
        columns = [{name: draw.choice(values) for name, values in COLUMNS.items()} for _ in moments]
        found.append(world(sorted(moments, key=lambda moment: moment[0]), columns))
    return found


def config(funnel: oracle.Funnel, *, logs: tuple[str, ...] = (), unit: tuple[str, ...] = ("user",)) -> Funnel:
    """The oracle's funnel as the program's."""
    keys: dict[str, Any] = {key: funnel[key] for key in WORDS if key in funnel}
    keys |= {key: EPOCH + timedelta(microseconds=funnel[key]) for key in ("since", "until", "as_of") if key in funnel}
    keys |= lengths(funnel, "window", "session")
    return Funnel(
        name="worlds",
        logs=logs,
        unit=unit,
        stages=tuple(
            Stage(
                name=stage["name"],
                **matching(stage),
                **lengths(stage, "within", "after"),
                **{key: stage[key] for key in ("optional", "first") if key in stage},
            )
            for stage in funnel["stages"]
        ),
        exclude=tuple(
            Exclusion(
                **matching(exclusion),
                between=tuple(exclusion["between"]) if "between" in exclusion else None,
                effect=exclusion.get("effect", "stop"),
            )
            for exclusion in funnel.get("exclude", ())
        ),
        same=tuple(funnel.get("same", ())),
        where=conditions(funnel.get("where", {})),
        breakdowns=tuple(map(tuple, funnel.get("breakdowns", ()))),
        **keys,
    )


WORDS = ("order", "ties", "entry", "range", "segment_from", "start", "count")
"""The keys of a funnel that are the same word in the YAML, the oracle and the program."""


def lengths(entry: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The durations among the keys that are given."""
    return {key: timedelta(microseconds=entry[key]) for key in keys if key in entry}


def matching(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The event mappings and conditions of a stage or an exclusion."""
    matches = tuple(Match(events=tuple(names), where=conditions(where)) for names, where in oracle.mappings(entry))
    return {"matches": matches, "where": conditions(entry.get("where", {}))}


def conditions(where: Mapping[str, Any]) -> tuple[Condition, ...]:
    """The YAML's `where` as the program's conditions."""
    found = []
    for column, wanted in where.items():
        tests = wanted if isinstance(wanted, dict) else {"in" if isinstance(wanted, list) else "eq": wanted}
        for operator, operand in tests.items():
            frozen = tuple(operand) if isinstance(operand, list) else operand
            found.append(Condition.model_validate({"column": column, "operator": operator, "operand": frozen}))
    return tuple(found)


def events(packed: Sequence[World], funnel: oracle.Funnel, *, shuffle: int | None = None) -> Events:
    """The worlds as the units 0, 1, … of one frame, as the loader would give it; `shuffle` seeds an order of rows."""
    rows = []
    for number, rows_of_unit in enumerate(packed):
        for row, session, bits in taking_part(rows_of_unit, funnel):
            rows.append((scattered(number, session), row.time, bits, number * 1000 + row.position, row.columns))
    if shuffle is not None:
        random.Random(shuffle).shuffle(rows)
    units, times, matches, positions, columns = zip(*rows, strict=True) if rows else ((),) * 5
    frame = pl.DataFrame(
        {"unit": units, "time": times, "match": matches, "row": positions},
        schema={"unit": pl.UInt64, "time": pl.Int64, "match": pl.UInt64, "row": pl.UInt32},
    )
    if funnel.get("ties") != "row":
        frame = frame.drop("row")
    read = dict.fromkeys([*(column for breakdown in funnel.get("breakdowns", ()) for column in breakdown)])
    read |= dict.fromkeys(funnel.get("same", ()))
    frame = frame.with_columns(
        pl.Series(carried(column), [values[column] for values in columns], dtype=pl.String) for column in read
    )
    everything = [row.time for rows_of_unit in packed for row in rows_of_unit]
    account = Account(len(everything), len(rows), {}, min(everything, default=None), max(everything, default=None))
    return Events(rows=frame, account=account, end=end(packed, funnel))


def table(packed: Sequence[World]) -> pl.DataFrame:
    """The worlds as a log: user (the world's number), event, timestamp, channel, device; in the order of positions."""
    rows = sorted(
        ((unit, row) for unit, rows_of_unit in enumerate(packed) for row in rows_of_unit),
        key=lambda pair: (pair[1].position, pair[0]),
    )
    return pl.DataFrame(
        {
            "user": [str(unit) for unit, _ in rows],
            "event": [row.event for _, row in rows],
            "timestamp": [EPOCH + timedelta(microseconds=row.time) for _, row in rows],
            **{column: [row.columns[column] for _, row in rows] for column in COLUMNS},
        },
        schema=log_schema(COLUMNS),
    )


def log_schema(columns: Iterable[str]) -> dict[str, pl.DataType]:
    """The types of a log's columns: user, event, timestamp, then texts."""
    texts: dict[str, pl.DataType] = dict.fromkeys(("user", "event", *columns), pl.String())
    return {"user": pl.String(), "event": pl.String(), "timestamp": pl.Datetime("us", "UTC")} | texts


def taking_part(rows: World, funnel: oracle.Funnel) -> Iterator[tuple[Row, int, int]]:
    """(row, session from 0, bits) of each row of a world that takes part, as the loader gives them to the engine."""
    ever = [row for row in rows if oracle.holds(row, funnel.get("where", {}))]
    there = sorted((row for row in ever if oracle.takes_part(row, funnel)), key=lambda row: row.time)
    for session, rows_of_session in enumerate(oracle.sessions(there, funnel)):
        for row in rows_of_session:
            bits = sum(1 << number for number in oracle.matched(row, ever, funnel))
            for number, exclusion in enumerate(funnel.get("exclude", ()), len(funnel["stages"])):
                bits |= oracle.completes(row, exclusion) << number
            if bits or funnel.get("order") == "strict":
                yield row, session, bits


def scattered(number: int, session: int = 0) -> int:
    """The id in the packed frame of a world's unit, or of one of its sessions."""
    return (number * SESSIONS + session) * UNIT_STEP % 2**64


def world_of(unit: int) -> int:
    """The number of the world whose unit has that id."""
    return unit * pow(UNIT_STEP, -1, 2**64) % 2**64 // SESSIONS


def end(packed: Iterable[World], funnel: oracle.Funnel) -> int | None:
    """The end of the data of all worlds as one log."""
    return oracle.end_of_data((row for rows in packed for row in rows), funnel)


def expected(packed: Sequence[World], funnel: oracle.Funnel) -> list[list[Result]]:
    """The oracle's journeys of each world."""
    until = end(packed, funnel)
    return [oracle.journeys(rows, funnel, until) for rows in packed]


def told(rows: World) -> str:
    """A world in the tiny language, for a failing test to print."""
    rows = tuple(sorted(rows, key=lambda row: (row.time, row.position)))
    return "unit: " + ", ".join(f"{row.event} {row.time // HOUR}h" for row in rows)


# --- The tiny language ----------------------------------------------------------------------------------------

LENGTHS = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": HOUR, "d": 24 * HOUR}
START = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z, the hour 0 of a log written in the tiny language, in UTC µs."""


def microseconds(duration: str) -> int:
    """A duration such as `90s`, `1h30m` or `2d` in µs.

    >>> microseconds("1h30m")
    5400000000
    """
    parts = re.findall(r"(\d+)(ms|[smhd])", duration)
    assert "".join(number + unit for number, unit in parts) == duration, f"{duration!r} is not a duration"
    return sum(int(number) * LENGTHS[unit] for number, unit in parts)


def told_rows(text: str) -> Iterator[tuple[str, str, int, dict[str, str]]]:
    """(user, event, time, columns) of each row of a text in the tiny language, in its order."""
    for unit in filter(None, map(str.strip, text.split(";"))):
        user, _, rows = unit.partition(":")
        for row in rows.split(","):
            event, when, *columns = row.split()
            yield user.strip(), event, START + microseconds(when), dict(column.split("=", 1) for column in columns)


def log(text: str) -> pl.DataFrame:
    """A log (user, event, timestamp: UTC, then one String column per name given, null where a row gives none).

    >>> log("ann: visit 0h, cart 5m channel=mail; bob: visit 1h").rows()[1][:2]
    ('ann', 'cart')
    """
    rows = list(told_rows(text))
    columns = sorted({name for *_, values in rows for name in values})
    return pl.DataFrame(
        {
            "user": [user for user, *_ in rows],
            "event": [event for _, event, *_ in rows],
            "timestamp": [time for _, _, time, _ in rows],
            **{name: [values.get(name) for *_, values in rows] for name in columns},
        },
        schema=log_schema(columns),
        strict=False,
    )


def unit_rows(text: str) -> list[Row]:
    """The rows of one unit for the oracle, from the tiny language without a user; hour 0 is time 0.

    >>> [(row.event, row.time // HOUR) for row in unit_rows("visit 0h, cart 2h")]
    [('visit', 0), ('cart', 2)]
    """
    return [
        Row(time - START, event, position, columns)
        for position, (_, event, time, columns) in enumerate(told_rows(f"unit: {text}"))
    ]


def funnel(stages: str, **keys: Any) -> dict[str, Any]:
    """A funnel for the oracle: its stages such as `"A, A|B, C"`, named s1, s2, …; then any further keys of the YAML.

    A key of None is left out, and a duration may be a text.
    """
    listed = [{"name": f"s{n}", "events": names.strip().split("|")} for n, names in enumerate(stages.split(","), 1)]
    durations = {"window", "session"}
    given = {key: value for key, value in keys.items() if value is not None}
    for key in durations & given.keys():
        given[key] = microseconds(given[key]) if isinstance(given[key], str) else given[key]
    return {"stages": listed, **given}
