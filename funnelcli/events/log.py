"""The logs of a funnel, open: what a load reads from, once or more often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelcli.events import matching
from funnelcli.events.extent import readings
from funnelcli.events.files import Source, sources
from funnelcli.events.scan import Scan, scans
from funnelcli.events.times import Reading, known

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel


@dataclass(frozen=True)
class Log:
    """The open files, their scans with the needed columns, how the times of each are read, and notes on the files."""

    files: tuple[Source, ...]
    scans: tuple[Scan, ...]
    times: tuple[Reading, ...]
    notes: tuple[str, ...]


@contextmanager
def opened(funnel: Funnel, columns: Sequence[str] = (), *, positions: bool = False) -> Iterator[Log]:
    """The funnel's logs with the columns that it needs and `columns`; with the rows' positions if asked for.

    A file that is replaced while they are open changes nothing.

    Raises:
        DataError: a log is missing, cannot be read, lacks a column, or its times cannot be read.
        ConfigError: a time format or the timezone is none.
    """
    known(funnel.timezone)
    with ExitStack() as stack:
        files, notes = sources(funnel.logs, stack)
        found = scans(files, _needed(funnel, columns), stack, positions=positions or funnel.ties == "row")
        times = readings(found, funnel.columns, funnel.timezone)
        yield Log(tuple(files), tuple(found), tuple(times), tuple(notes))


def carried_names(funnel: Funnel, columns: Sequence[str] = ()) -> list[str]:
    """The columns of the log that go with the rows: those the funnel asks for, and `columns`."""
    return list(dict.fromkeys([*(name for names in funnel.breakdowns for name in names), *funnel.same, *columns]))


def _needed(funnel: Funnel, columns: Sequence[str]) -> list[str]:
    """The columns of the log that are read."""
    roles = [*funnel.unit, funnel.columns.event, funnel.columns.timestamp]
    roles += [funnel.session] if isinstance(funnel.session, str) else []
    return list(dict.fromkeys([*roles, *matching.columns(funnel), *carried_names(funnel, columns)]))
