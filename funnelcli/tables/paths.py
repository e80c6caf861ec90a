"""The paths report as a table: a row per sequence of events, the outcomes one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelcli import display
from funnelcli.tables.frame import how_counted, opening
from funnelcli.tables.table import Column, Kind, Section, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from funnelcli.reports.paths import Path, Paths

NOTHING = "(nothing)"
"""No event at all."""

FIELDS: tuple[tuple[str, Kind], ...] = (("outcome", "text"), ("events", "list"), ("count", "count"), ("share", "rate"))


def table(report: Paths) -> Table:
    """The sequences, ready for every format."""
    return Table(
        title=report.head.funnel.name,
        record=opening(report.head)
        | {
            "paths": [
                {"outcome": path.outcome, "events": list(path.events), "count": path.count, "share": path.share}
                for path in report.paths
            ]
        },
        fields=FIELDS,
        rows=tuple((path.outcome, path.events, path.count, path.share) for path in report.paths),
        sections=tuple(_section(report, outcome) for outcome, size in report.sizes.items() if size),
        summary=(_summary(report),),
        notes=(*_notes(report), how_counted(report.head)),
    )


def sequence(path: Path) -> str:
    """The events as people see them: `view_item → page_view`."""
    return " → ".join("(none)" if event is None else event for event in path.events) or NOTHING


def _section(report: Paths, outcome: str) -> Section:
    size = display.count(report.sizes[outcome])
    heading = {
        "converted": f"What came between, of {size} who reached {report.last.stage}",
        "dropped": f"What came next, of {size} who dropped",
        "open": f"What came next so far, of {size} who are still open",
    }[outcome]
    paths = [path for path in report.paths if path.outcome == outcome]
    return Section(
        heading,
        (Column("Events", "text"), Column("Count", "count"), Column("Share", "rate"), Column("", "bar", 1)),
        tuple((sequence(path), path.count, path.share, path.share) for path in paths),
    )


def _summary(report: Paths) -> str:
    reached = sum(report.sizes.values())
    if not reached:
        return f"Nobody reached {report.first.stage}."
    parts = [
        f"{display.count(report.sizes['converted'])} of them reached {report.last.stage}",
        f"{display.count(report.sizes['dropped'])} dropped",
        f"{display.count(report.sizes['open'])} are still open",
    ]
    return f"{display.count(reached)} reached {report.first.stage}: {', '.join(parts)}."


def _notes(report: Paths) -> Iterable[str]:
    first, last = report.first.stage, report.last.stage
    who = {"converted": f"reached {last}", "dropped": "dropped", "open": "are still open"}
    for outcome, size in report.sizes.items():
        shown = [path.count for path in report.paths if path.outcome == outcome]
        more = report.sequences[outcome] - len(shown)
        if more:
            yield (
                f"Of those who {who[outcome]}, {display.count(size - sum(shown))} took {display.count(more)} other"
                f" sequence{'s' if more > 1 else ''}; --top shows more."
            )
    events = "event" if report.length == 1 else f"{report.length} events"
    yield (
        f"A sequence is the first {events}, of any name, after {first} and before {last}; an event repeated at once"
        f" counts once, and at the instants of {first} and {last} only the journey's own stages between them count."
        f" Of those who did not reach {last} it is what came after {first}, up to the end of the window or of the data."
    )
