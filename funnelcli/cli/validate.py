"""`funnelcli validate`: every problem of the YAML, and with --data of the logs against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from funnelcli.cli.deliver import writer
from funnelcli.cli.load import check_surroundings, notes, spare
from funnelcli.cli.options import FUNNEL, Configs, Output, command, option
from funnelcli.errors import DONE, GATE, Problem
from funnelcli.tables.table import Kind, Table

if TYPE_CHECKING:
    from funnelcli.config import Funnel

Data = Annotated[bool, option("--data", group=FUNNEL, help="Check the logs too: their columns, times and events.")]
_KINDS: dict[str, Kind] = {"file": "text", "line": "count", "column": "count", "message": "text"}


@command
def validate(configs: Configs = None, *, data: Data = False, output: Output) -> int:
    """Every problem of the YAML, all at once, and with --data of the logs."""
    from funnelcli.config import HERE, problems

    write = writer(output)
    paths = [Path(each) for each in configs or (HERE,)]
    spare(output.output, configs=paths)
    found: list[Problem] = []
    for path in paths:
        funnels, complaints, remarks = problems(path)
        notes(remarks, quiet=output.quiet)
        found += complaints
        if data and not complaints:
            _check_logs(funnels, output)
    write([table(paths, found)])
    return GATE if found else DONE


def _check_logs(funnels: Sequence[Funnel], output: Output) -> None:
    """Read the logs of each funnel; what deserves a second look is said as notes."""
    spare(output.output, logs=[log for funnel in funnels for log in funnel.logs])
    check_surroundings()
    from funnelcli import events

    for funnel in funnels:
        notes(events.check(funnel), quiet=output.quiet)


def table(paths: Sequence[Path], found: Sequence[Problem]) -> Table:
    """The problems, one sentence each; or that there are none."""
    names = ", ".join(map(str, paths))
    count = f"{len(found)} problem" + ("s" if len(found) > 1 else "")
    return Table(
        title=f"{names}: {count if found else 'valid'}",
        record={"format": 1, "valid": not found, "problems": [asdict(problem) for problem in found]},
        fields=tuple((field.name, _KINDS[field.name]) for field in fields(Problem)),
        rows=tuple((problem.file, problem.line, problem.column, problem.message) for problem in found),
        sections=(),
        summary=tuple(map(str, found)),
    )
