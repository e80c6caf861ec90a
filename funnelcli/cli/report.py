"""`funnelcli report`: the conversion table."""

from __future__ import annotations

from typing import Annotated

from funnelcli.cli.deliver import writer
from funnelcli.cli.gates import failures, gates
from funnelcli.cli.load import funnels, journeys, start, step
from funnelcli.cli.options import OUTPUT, Output, Selection, Top, command, option
from funnelcli.cli.streams import say
from funnelcli.errors import DONE, GATE

FailUnder = Annotated[
    list[str] | None,
    option("--fail-under", metavar="STAGE=RATE", group=OUTPUT,
           help="Exit with 1 where the stage's conversion rate is under it; repeatable."),
]  # fmt: skip


@command
def report(selection: Selection, output: Output, top: Top = None, fail_under: FailUnder = None) -> int:
    """The conversion table: how many reach each stage, and where they leave."""
    write = writer(output)
    every_preset = selection.semantics == "all"
    loaded = funnels(selection, output, presets=every_preset)
    asked = gates(fail_under or (), loaded)

    start(output)
    from funnelcli.reports.conversion import compared, conversion
    from funnelcli.tables.conversion import table

    reports = [conversion(found, funnel, account, top=top) for funnel, found, account in journeys(loaded, output)]
    if every_preset:
        reports = [compared(reports)]
    with step("wrote the report", output):
        write([table(each) for each in reports])
    failed = [sentence for each in reports for sentence in failures(asked, each)]
    for sentence in failed:
        say("gate", sentence)
    return GATE if failed else DONE
