"""`funnelcli paths`: what happens between two stages."""

from __future__ import annotations

from typing import Annotated

import typer

from funnelcli.cli.choosing import Between, stages
from funnelcli.cli.deliver import writer
from funnelcli.cli.load import came_between, funnels, start, step, without_segments
from funnelcli.cli.options import OUTPUT, Output, Selection, command
from funnelcli.errors import DONE

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

    asked = [stages(between, funnel, "paths") for funnel in found]
    tables = []
    for funnel, pair in zip(found, asked, strict=True):
        inside, rows, journeys = came_between(funnel, *pair, output)
        tables.append(table(paths(inside, rows, journeys, funnel, rows.account, between=pair, top=top, length=length)))
    with step("wrote the report", output):
        write(tables)
    return DONE
