"""`funnelcli report`: the conversion table."""

from __future__ import annotations

from typing import Annotated

import typer

from funnelcli.cli.deliver import value_writer, writer
from funnelcli.cli.gates import failures, gates
from funnelcli.cli.load import funnels, journeys, one, start, step
from funnelcli.cli.options import FUNNEL, OUTPUT, Output, Selection, command, option
from funnelcli.cli.streams import say
from funnelcli.errors import DONE, GATE

Top = Annotated[
    int | None,
    typer.Option("--top", metavar="N", min=1, help="Pool all segments but the N largest.", rich_help_panel=FUNNEL),
]
FailUnder = Annotated[
    list[str] | None,
    option("--fail-under", metavar="STAGE=RATE", group=OUTPUT,
           help="Exit with 1 where the stage's conversion rate is under it; repeatable."),
]  # fmt: skip
Get = Annotated[
    str | None,
    option("--get", metavar="PATH", group=OUTPUT, help="Print only this value: 'stages[Purchase].conversion_rate'."),
]


@command
def report(selection: Selection, output: Output, top: Top = None, fail_under: FailUnder = None, get: Get = None) -> int:
    """The conversion table: how many reach each stage, and where they leave."""
    write = writer(output) if get is None else value_writer(get, output)
    every_preset = selection.semantics == "all"
    loaded = funnels(selection, output, presets=every_preset)
    if get is not None and not every_preset:
        one("--get", loaded)
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
