"""`funnelcli timing`: how long stages take."""

from __future__ import annotations

from typing import Annotated

import typer

from funnelcli.cli.deliver import writer
from funnelcli.cli.load import funnels, journeys, start, step
from funnelcli.cli.options import OUTPUT, Output, Selection, Top, command
from funnelcli.errors import DONE, UsageError

Bins = Annotated[
    int,
    typer.Option("--bins", metavar="N", min=1, max=100, help="Bins of a histogram, at most.", rich_help_panel=OUTPUT),
]


@command
def timing(selection: Selection, output: Output, *, top: Top = None, bins: Bins = 12) -> int:
    """How long stages take: quantiles, histograms, and when those who will convert have."""
    write = writer(output)
    found = funnels(selection, output)
    if any(funnel.start == "open" for funnel in found):
        raise UsageError("timing: with start: open a unit has no journey from stage to stage; set --start first")

    start(output)
    from funnelcli.reports.timing import timing
    from funnelcli.tables.timing import table

    tables = [
        table(timing(every, funnel, account, top=top, bins=bins)) for funnel, every, account in journeys(found, output)
    ]
    with step("wrote the report", output):
        write(tables)
    return DONE
