"""`funnelcli paths`: what happens between two stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from funnelcli.cli.choosing import line
from funnelcli.cli.deliver import writer
from funnelcli.cli.load import events, funnels, start, step, walked, without_segments
from funnelcli.cli.options import OUTPUT, Output, Selection, command, option
from funnelcli.errors import DONE, UsageError

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.reports.counting import Line

Between = Annotated[
    tuple[str, str], option("--between", metavar="STAGE STAGE", help="From this stage to that, both required ones.")
]
Top = Annotated[
    int, typer.Option("--top", metavar="N", min=1, help="Sequences of each outcome.", rich_help_panel=OUTPUT)
]
Length = Annotated[
    int,
    typer.Option("--length", metavar="N", min=1, max=20, help="Events of a sequence at most.", rich_help_panel=OUTPUT),
]


@command
def paths(selection: Selection, output: Output, *, between: Between, top: Top = 10, length: Length = 3) -> int:
    """What happens between two stages: what came between, and what those who left did instead."""
    without_segments("paths", selection)
    write = writer(output)
    found = funnels(selection, output)

    start(output)
    from funnelcli.reports.paths import paths
    from funnelcli.tables.paths import table

    asked = [stages(between, funnel) for funnel in found]
    tables = []
    for funnel, pair in zip(found, asked, strict=True):
        rows = events(funnel, output, everything=True)
        journeys = walked(rows, funnel, output)
        tables.append(table(paths(rows, journeys, funnel, rows.account, between=pair, top=top, length=length)))
    with step("wrote the report", output):
        write(tables)
    return DONE


def stages(between: tuple[str, str], funnel: Funnel) -> tuple[Line, Line]:
    """The two stages that `--between` names.

    Raises:
        UsageError: they are none, not in order or not required, or the funnel has no journeys from one to another.
    """
    if funnel.start == "open":
        raise UsageError("paths: with start: open a unit has no journey from stage to stage; set --start first")
    first, last = (line("--between", name, funnel) for name in between)
    for stage in (first, last):
        if stage.optional:
            raise UsageError(f"--between: {stage.stage} is optional, and no part of the way; name a required stage")
    if first.position >= last.position:
        raise UsageError(f"--between: {first.stage} does not come before {last.stage}; name the earlier stage first")
    return first, last
