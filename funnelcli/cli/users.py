"""`funnelcli users`: the units themselves behind a number of the report."""

from __future__ import annotations

from typing import Annotated

from funnelcli.cli.choosing import At, Status, choice
from funnelcli.cli.deliver import writer
from funnelcli.cli.load import events, funnels, one, start, step, walked
from funnelcli.cli.options import OUTPUT, Output, Selection, command, option
from funnelcli.errors import DONE

LastEvent = Annotated[
    bool, option("--last-event", group=OUTPUT, help="Also the last event of each unit, of any name, and its time.")
]


@command
def users(
    selection: Selection, output: Output, at: At = None, status: Status = None, last_event: LastEvent = False
) -> int:
    """The units themselves: who reached a stage, who left before it, who converted. -o writes for its owner only."""
    write = writer(output, private=True)
    (funnel,) = one("users", funnels(selection, output))

    start(output)
    from funnelcli.reports.users import columns, users
    from funnelcli.tables.users import table

    asked, names = choice(at, status, funnel), columns(funnel, last_event=last_event)
    found = events(funnel, output, units=True, everything=last_event)
    report = users(found, walked(found, funnel, output), funnel, found.account, choice=asked, columns=names)
    with step("wrote the report", output):
        write([table(report)])
    return DONE
