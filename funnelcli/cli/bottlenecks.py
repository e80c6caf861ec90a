"""`funnelcli bottlenecks`: the stages ranked by what their drop-off costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from funnelcli.cli.deliver import one_of, writer
from funnelcli.cli.load import events, funnels, start, step, walked
from funnelcli.cli.options import OUTPUT, Output, Selection, command, option
from funnelcli.errors import DONE, UsageError

if TYPE_CHECKING:
    from funnelcli.config.funnel import Every, Funnel
    from funnelcli.reports.bottlenecks import Measure

MEASURES: tuple[Measure, ...] = ("gain", "lost", "rate", "slow")
EVERY: tuple[Every, ...] = ("1d", "1w", "1mo")

ByMeasure = Annotated[
    str,
    option("--measure", metavar="MEASURE",
           help="Rank by gain (extra conversions at the target rate; the default), lost (how many dropped), "
           "rate (drop-off rate) or slow (median time)."),
]  # fmt: skip
EveryPeriod = Annotated[
    str,
    option("--every", metavar="PERIOD",
           help="Where nothing else is a target, the best earlier 1d, 1w or 1mo is; 1w by default."),
]  # fmt: skip
Top = Annotated[
    int | None, typer.Option("--top", metavar="N", min=1, help="Only the first N rows.", rich_help_panel=OUTPUT)
]


@command
def bottlenecks(
    selection: Selection, output: Output, measure: ByMeasure = "gain", every: EveryPeriod = "1w", top: Top = None
) -> int:
    """The stages, or by --by the stages of each segment, ranked by what their drop-off costs, with the reason."""
    by, length = one_of("--measure", measure, MEASURES), one_of("--every", every, EVERY)
    write = writer(output)
    found = funnels(selection, output)
    for funnel in found:
        measurable(by, funnel)

    start(output)
    from funnelcli.reports.bottlenecks import bottlenecks
    from funnelcli.tables.bottlenecks import table

    tables = []
    for funnel in found:
        rows = events(funnel, output, columns=() if funnel.value is None else (funnel.value,))
        journeys = walked(rows, funnel, output)
        tables.append(table(bottlenecks(rows, journeys, funnel, rows.account, measure=by, every=length, top=top)))
    with step("wrote the report", output):
        write(tables)
    return DONE


def measurable(measure: Measure, funnel: Funnel) -> None:
    """Refuse a measure that the funnel has no numbers for.

    Raises:
        UsageError: with `start: open`, a better stage would not bring conversions, and stages take no time.
    """
    if funnel.start == "open" and measure in {"gain", "slow"}:
        raise UsageError(
            f"--measure: {measure} needs units that go from stage to stage, and with start: open they enter anywhere;"
            " rank by --measure lost or rate, or set --start first"
        )
