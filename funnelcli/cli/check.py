"""`funnelcli check`: the YAML's checks against the data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from funnelcli.cli.deliver import writer
from funnelcli.cli.load import events, funnels, start, step, walked
from funnelcli.cli.options import Output, Selection, command
from funnelcli.cli.streams import say
from funnelcli.cli.value import number
from funnelcli.errors import DONE, GATE, UsageError

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.events import Events
    from funnelcli.tables.table import Table


@command
def check(selection: Selection, output: Output) -> int:
    """The YAML's checks against the data: a line per check, and exit 1 when one fails."""
    write = writer(output)
    found = [funnel for funnel in funnels(selection, output) if funnel.checks]
    if not found:
        raise UsageError("check: the config has no checks; add for example checks: [{name: …, get: entered, min: 100}]")

    start(output)
    from funnelcli.reports.check import checks
    from funnelcli.tables.check import failures, table

    reports = []
    for funnel in found:
        rows = events(funnel, output)
        numbers = _numbers(rows, funnel, output)
        reports.append(checks(rows, funnel, rows.account, numbers=numbers, now=datetime.now(UTC)))
    with step("wrote the report", output):
        write([table(report) for report in reports])
    failed = [sentence for report in reports for sentence in failures(report)]
    for sentence in failed:
        say("gate", sentence)
    return GATE if failed else DONE


def _numbers(rows: Events, funnel: Funnel, output: Output) -> dict[str, float | None]:
    """The number that each check's path leads to in the funnel's report."""
    asked = [(each.get, each.name) for each in funnel.checks if each.get is not None]
    if not asked:
        return {}
    from funnelcli.reports.conversion import conversion
    from funnelcli.tables.conversion import table

    report: Table = table(conversion(walked(rows, funnel, output), funnel, rows.account))
    return {path: number(report.record, path, f"the check {name!r}") for path, name in asked}
