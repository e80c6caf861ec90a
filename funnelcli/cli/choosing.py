"""What options of several commands say: `--at Cart --status dropped`, `--between Cart Purchase`, `--adjust bh`."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

from funnelcli.cli.deliver import one_of
from funnelcli.cli.options import FUNNEL, option
from funnelcli.errors import UsageError

if TYPE_CHECKING:
    from funnelcli.config.funnel import Funnel
    from funnelcli.reports.comparing import Adjust
    from funnelcli.reports.counting import Line
    from funnelcli.reports.users import Choice, Standing

ADJUST: tuple[Adjust, ...] = ("holm", "bh", "none")
STAYING: tuple[Standing, ...] = ("reached", "dropped", "open")
STATUSES: tuple[Standing, ...] = (*STAYING, "converted", "excluded")

At = Annotated[
    str | None, option("--at", metavar="STAGE", group=FUNNEL, help="Who reached this stage, or by --status did not.")
]
Status = Annotated[
    str | None,
    option("--status", metavar="STATUS", group=FUNNEL,
           help="converted, dropped, open or excluded; with --at reached, or dropped or open before that stage."),
]  # fmt: skip
Between = Annotated[
    tuple[str, str], option("--between", metavar="STAGE STAGE", help="From this stage to that, both required ones.")
]


def choice(at: str | None, status: str | None, funnel: Funnel) -> Choice:
    """Which units `--at` and `--status` ask for.

    Raises:
        UsageError: no such stage or status, or the two do not go together.
    """
    from funnelcli.reports.users import Choice

    stage = None if at is None else line("--at", at, funnel)
    if status is None:
        return Choice(stage, None if stage is None else "reached")
    found = one_of("--status", status, STATUSES)
    if stage is None and found == "reached":
        raise UsageError("--status: reached needs a stage; name it with --at")
    if stage is not None and found not in STAYING:
        raise UsageError(f"--status: {found} is of the whole funnel; leave --at out")
    return Choice(stage, found)


def stages(between: tuple[str, str], funnel: Funnel, who: str) -> tuple[Line, Line]:
    """The two stages that `--between` names, for the command `who`.

    Raises:
        UsageError: they are none, not in order or not required, or the funnel has no journeys from one to another.
    """
    if funnel.start == "open":
        raise UsageError(f"{who}: with start: open a unit has no journey from stage to stage; set --start first")
    first, last = (line("--between", name, funnel) for name in between)
    for stage in (first, last):
        if stage.optional:
            raise UsageError(f"--between: {stage.stage} is optional, and no part of the way; name a required stage")
    if first.position >= last.position:
        raise UsageError(f"--between: {first.stage} does not come before {last.stage}; name the earlier stage first")
    return first, last


def line(option: str, name: str, funnel: Funnel) -> Line:
    """The line of the report that an option names.

    Raises:
        UsageError: there is none.
    """
    from funnelcli.reports.counting import lines

    found = {each.stage: each for each in lines(funnel)}
    if name not in found:
        near = get_close_matches(name, found, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(found)}"
        raise UsageError(f"{option}: no stage {name!r}; {hint}")
    return found[name]
