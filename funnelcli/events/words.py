"""Sentences about a log as a whole: why none of its times can be read, and which stages no row completes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import polars as pl

from funnelcli.errors import DataError
from funnelcli.events import matching
from funnelcli.events.messages import listed, meant, shown
from funnelcli.events.scan import Scan, collected
from funnelcli.events.times import hint, masked
from funnelcli.events.where import text

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.events.files import Source

_NAMES = 2000
"""Among so many event names, the most frequent, the nearest is looked for."""


def no_times(log: Sequence[Scan], whose: str, funnel: Funnel) -> DataError:
    """The error for a log without a single readable time; it shows what the first looks like, not what it says."""
    column = shown(funnel.columns.timestamp)
    cells = pl.concat([scan.frame.select(text(*scan[funnel.columns.timestamp]).alias("text")) for scan in log])
    least = collected(cells.select(pl.col("text").min()), _files(log)).item()
    if least is None:
        return DataError(f"{whose}: column {column} is empty in every row; name the time's column in columns.timestamp")
    mend = "mend that key" if funnel.columns.time_format or funnel.columns.time_unit else hint(least)
    asked = ""
    if funnel.columns.time_format:
        asked = f" by columns.timestamp.format {shown(funnel.columns.time_format)!r}"
    elif funnel.columns.time_unit:
        asked = f" by columns.timestamp.unit {funnel.columns.time_unit}"
    return DataError(f"{whose}: no time in column {column} can be read{asked}; they look like {masked(least)}; {mend}")


def unmatched(log: Sequence[Scan], match: pl.Series, funnel: Funnel) -> list[str]:
    """A note for each stage that no row matches, with the event name that is nearest to its own."""
    seen = cast("int", match.bitwise_or() or 0)
    missing = [stage for bit, stage in enumerate(funnel.stages) if not seen >> bit & 1]
    if not missing:
        return []
    names = _events(log, funnel)
    notes = []
    for stage in missing:
        wanted = matching.events(stage)
        there = [name for name in wanted if name in names]
        if there:
            notes.append(f"stage {shown(stage.name)}: no row with the event {listed(there)} meets its conditions")
        else:
            near = next(filter(None, (meant(name, names) for name in wanted)), "") or _there(names)
            notes.append(f"stage {shown(stage.name)}: no row has the event {' or '.join(map(shown, wanted))}{near}")
    return notes


def _there(names: Sequence[str]) -> str:
    return f"; there are {listed(names)}" if names else "; no row has an event at all"


def _events(log: Sequence[Scan], funnel: Funnel) -> list[str]:
    """The event names of the log, the most frequent first, then by name."""
    cells = pl.concat([scan.frame.select(text(*scan[funnel.columns.event]).alias("event")) for scan in log])
    counts = collected(cells.drop_nulls().group_by("event").len(), _files(log))
    return counts.sort(["len", "event"], descending=[True, False]).head(_NAMES)["event"].to_list()


def _files(log: Sequence[Scan]) -> list[Source]:
    return [source for scan in log for source in scan.sources]
