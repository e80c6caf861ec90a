"""`funnelcli drivers`: what goes with getting from one stage to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from funnelcli.cli.choosing import ADJUST, Between, stages
from funnelcli.cli.deliver import one_of, writer
from funnelcli.cli.load import came_between, funnels, start, step
from funnelcli.cli.options import OUTPUT, Output, Selection, command, option
from funnelcli.errors import DONE, UsageError

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.reports.counting import Line

AdjustBy = Annotated[
    str, option("--adjust", metavar="METHOD", help="Adjust p-values for all that is tested: holm, bh or none.")
]
Top = Annotated[
    int | None, typer.Option("--top", metavar="N", min=1, help="Only the N strongest.", rich_help_panel=OUTPUT)
]


@command
def drivers(
    selection: Selection, output: Output, *, between: Between, adjust: AdjustBy = "holm", top: Top = None
) -> int:
    """What goes with getting from one stage to another: events between the two, and values of the columns of --by."""
    if selection.segment_from:
        raise UsageError("--segment-from: drivers reads columns at the first stage of --between; leave it out")
    method = one_of("--adjust", adjust, ADJUST)
    write = writer(output)
    found = funnels(selection, output)

    start(output)
    from funnelcli.reports.drivers import drivers
    from funnelcli.tables.drivers import table

    asked = [stages(between, funnel, "drivers") for funnel in found]
    tables = []
    for given, pair in zip(found, asked, strict=True):
        funnel = read_at(pair[0], given)
        inside, rows, journeys = came_between(funnel, *pair, output)
        report = drivers(inside, rows, journeys, funnel, rows.account, between=pair, adjust=method)
        tables.append(table(report, top))
    with step("wrote the report", output):
        write(tables)
    return DONE


def read_at(first: Line, funnel: Funnel) -> Funnel:
    """The funnel with each column of its breakdowns by itself, read where the stage stands.

    With `order: any` it is read on the entry, since nobody can tell which stage the row there completed.
    """
    columns = dict.fromkeys(column for breakdown in funnel.breakdowns for column in breakdown)
    place = "entry" if funnel.order == "any" or first.position == 1 else first.stage
    return funnel.model_copy(update={"breakdowns": tuple((column,) for column in columns), "segment_from": place})
