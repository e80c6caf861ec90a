"""`funnelcli trend`: conversion by entry cohort over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from funnelcli.cli.deliver import one_of, writer
from funnelcli.cli.load import events, funnels, start, step
from funnelcli.cli.options import FUNNEL, OUTPUT, Output, Selection, Top, command, option
from funnelcli.config.frames import micros
from funnelcli.errors import DONE

if TYPE_CHECKING:
    from funnelcli.config.funnel import Every

LENGTHS: tuple[Every, ...] = ("1h", "1d", "1w", "1mo")

Length = Annotated[
    str, option("--every", metavar="LENGTH", group=FUNNEL, help="A period is 1h, 1d, 1w or 1mo; 1d by default.")
]
Rolling = Annotated[
    int | None,
    typer.Option("--rolling", metavar="N", min=2, help="Also the rate of N periods together.", rich_help_panel=OUTPUT),
]


@command
def trend(selection: Selection, output: Output, every: Length = "1d", rolling: Rolling = None, top: Top = None) -> int:
    """Conversion by when units entered: each hour, day, week or month on its own."""
    length = one_of("--every", every, LENGTHS)
    write = writer(output)
    found = funnels(selection, output)

    start(output)
    from funnelcli import engine
    from funnelcli.reports.trend import spans, trend
    from funnelcli.tables.trend import table

    tables = []
    for funnel in found:
        rows = events(funnel, output)
        periods = spans(rows, funnel, length)
        with step(f"found the journeys of {funnel.name}", output):
            journeys = engine.by_period(rows, funnel, [(micros(span.start), micros(span.end)) for span in periods])
        tables.append(table(trend(journeys, periods, funnel, rows.account, every=length, rolling=rolling, top=top)))
    with step("wrote the report", output):
        write(tables)
    return DONE
