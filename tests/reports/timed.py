"""What tests of the timing report share: worlds with times, real and simulated, and what plain Python says of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from funnelcli.engine import journeys
from funnelcli.reports.timing import timing
from funnelcli.tables.timing import table
from tests import oracle, worlds
from tests.oracle import Row
from tests.reports import naive
from tests.worlds import HOUR, World

if TYPE_CHECKING:
    from funnelcli.tables.table import Table
    from tests.oracle import Result

SECOND, MINUTE, DAY = 1_000_000, 60_000_000, 24 * HOUR


def shown(packed: Sequence[World], wanted: oracle.Funnel, **options: Any) -> Table:
    ours, events = worlds.config(wanted), worlds.events(packed, wanted)
    return table(timing(journeys(events, ours), ours, events.account, **options))


def told(packed: Sequence[World], wanted: oracle.Funnel, **options: Any) -> Any:
    """What the program says of the worlds in JSON."""
    return shown(packed, wanted, **options).record


def odd_worlds(count: int, rows: int, *, seed: int, channels: Sequence[str | None] = ("x", "y", None)) -> list[World]:
    """Logs drawn at random, the same on every run: times to the microsecond, many of them equal."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        times = sorted(draw.choice((draw.randrange(6) * HOUR, draw.randrange(6 * HOUR))) for _ in range(rows))
        found.append(
            tuple(
                Row(time, draw.choice("ABC"), place, {"channel": draw.choice(channels), "device": draw.choice("pq")})
                for place, time in enumerate(times[: draw.randint(1, rows)])
            )
        )
    return found


def followed(entered: Sequence[Result], wanted: oracle.Funnel, end: int | None) -> tuple[list[int], list[bool]]:
    """How long each was followed, in µs, and whether it converted then."""
    converted = [journey.status == "converted" for journey in entered]
    durations = [
        naive.took(one, wanted) if done else min(int(end or 0) - naive.entry(one), wanted.get("window", 2**62))
        for one, done in zip(entered, converted, strict=True)
    ]
    return durations, converted


def curve(durations: Sequence[int], converted: Sequence[bool]) -> list[tuple[int, Fraction]]:
    """(time, share converted by then) at the times of conversions, by Kaplan and Meier."""
    steps, staying = [], Fraction(1)
    for moment in sorted({duration for duration, done in zip(durations, converted, strict=True) if done}):
        at_risk = sum(duration >= moment for duration in durations)
        staying *= 1 - Fraction(sum(d == moment and c for d, c in zip(durations, converted, strict=True)), at_risk)
        steps.append((moment, 1 - staying))
    return steps


def simulated(
    units: int, rate: float, *, days: int = 30, mean: float = 3.0, channel: str = "x", seed: int = 1
) -> list[World]:
    """Units that enter over so many days and convert, a share of `rate` of them, after a time of exponential law with
    that mean in days; of what happens after the last day nothing is known.
    """
    draw = random.Random(seed)
    found = []
    for number in range(units):
        entry = draw.randrange(days * DAY)
        rows = [Row(entry, "A", 2 * number, {"channel": channel, "device": None})]
        moment = entry + int(draw.expovariate(1 / mean) * DAY)
        if draw.random() < rate and moment <= days * DAY:
            rows.append(Row(moment, "B", 2 * number + 1, {"channel": channel, "device": None}))
        found.append(tuple(rows))
    return found


def units(*texts: str) -> list[World]:
    return [tuple(worlds.unit_rows(text)) for text in texts]


def known(packed: Sequence[World], wanted: oracle.Funnel) -> tuple[list[int], list[bool]]:
    entered = [journey for of_unit in worlds.expected(packed, wanted) for journey in of_unit]
    return followed(entered, wanted, worlds.end(packed, wanted))
