"""`funnelcli init`: a first config for these logs, with comments, that runs as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from funnelcli.cli.load import notes, surveyed
from funnelcli.cli.options import OUTPUT, ColumnNames, LogFiles, OutputFile, Quiet, Timezone, command, option
from funnelcli.cli.starter import starter
from funnelcli.errors import DONE, DataError, UsageError

Force = Annotated[bool, option("--force", group=OUTPUT, help="Replace the file of --output if it is there.")]


@command
def init(
    logs: LogFiles,
    *,
    columns: ColumnNames = None,
    timezone: Timezone = None,
    output: OutputFile = "-",
    force: Force = False,
    quiet: Quiet = False,
) -> int:
    """A commented YAML for these logs, with columns and stages guessed."""
    from funnelcli.export import write

    if output != "-" and not force and Path(output).exists():
        raise UsageError(f"--output: {output} is there already; name another file, or replace it with --force")
    found = surveyed(logs, columns, timezone, target=output)
    if found.roles is None:
        raise DataError("the columns of user, event and timestamp cannot be told; name them with --columns user=…")
    if not found.events:
        raise DataError(f"no events in the column {found.roles.event}; name another with --columns event=…")
    if found.first_time is None:
        raise DataError(
            f"no time in the column {found.roles.timestamp} can be read; say how it is written, for example"
            " with --columns user=…,event=…,timestamp=…,format='%d.%m.%Y %H:%M'"
        )
    notes(found.notes, quiet=quiet)
    roles = {found.roles.user, found.roles.event, found.roles.timestamp}
    others = [column.name for column in found.columns if column.name not in roles]
    text = starter(logs, found.roles, timezone, events=found.events, others=others, target=output)
    write(text.encode(), output)
    return DONE
