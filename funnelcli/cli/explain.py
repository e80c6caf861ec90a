"""`funnelcli explain`: one unit's rows, the journey chosen, and why the other rows did not count."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from funnelcli.cli.choosing import At, Status, choice
from funnelcli.cli.deliver import writer
from funnelcli.cli.load import events, funnels, one, start, step, walked, without_segments
from funnelcli.cli.options import FUNNEL, Output, Selection, command, option
from funnelcli.errors import DONE, UsageError

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.reports.explain import Wanted
    from funnelcli.reports.users import Choice

Id = Annotated[
    list[str] | None,
    option("--id", metavar="ID", group=FUNNEL, help="The unit; once per unit column, in their order."),
]
Sample = Annotated[
    int | None,
    typer.Option(
        "--sample", metavar="N", min=1, rich_help_panel=FUNNEL,
        help="N units instead, spread evenly over those of --at and --status; the same ones on every run.",
    ),
]  # fmt: skip


@command
def explain(
    selection: Selection, output: Output, *, id: Id = None, sample: Sample = None, at: At = None, status: Status = None
) -> int:
    """A unit's rows in order, the journey chosen, and why the others did not count. -o writes for its owner only."""
    without_segments("explain", selection)
    write = writer(output, private=True)
    (funnel,) = one("explain", funnels(selection, output))

    start(output)
    from funnelcli.reports.explain import columns, explanation
    from funnelcli.tables.explain import table

    columns(funnel)
    if sample is not None and not id:
        # The notes are those of the whole log, and are said when it is read for the rows.
        wanted = _sampled(funnel, replace(output, quiet=True), sample, choice(at, status, funnel))
    else:
        wanted = [_named(funnel, tuple(id or ()), alone=sample is None and at is None and status is None)]
    found = events(funnel, output, units=True, everything=True, only=tuple(each.name for each in wanted))
    # All journeys: one that `mature` leaves out is explained, too.
    every = walked(found, funnel.model_copy(update={"mature": False}), output)
    report = explanation(found, every, funnel, found.account, wanted=wanted)
    with step("wrote the report", output):
        write([table(report)])
    return DONE


def _named(funnel: Funnel, ids: tuple[str, ...], *, alone: bool) -> Wanted:
    """The unit that `--id` names.

    Raises:
        UsageError: it names none, or not all of its columns, or there is a sample too.
    """
    from funnelcli.reports.explain import Wanted

    if not ids:
        raise UsageError("explain: which unit? name it with --id, or take some with --sample 3")
    if not alone:
        raise UsageError("--id: it names the unit; leave --sample, --at and --status out")
    if len(ids) != len(funnel.unit):
        raise UsageError(
            f"--id: {len(ids)} given, and a unit is {', '.join(funnel.unit)}; give --id once per column, in this order"
        )
    return Wanted(ids)


def _sampled(funnel: Funnel, output: Output, size: int, asked: Choice) -> list[Wanted]:
    """The units of a sample; the logs are read once more for all of their rows."""
    from funnelcli.reports.explain import sampled

    found = events(funnel, output, units=True)
    return sampled(found, walked(found, funnel, output), funnel, choice=asked, size=size)
