"""Every option, worded once, and the two groups that most commands share.

`Selection` is what is counted: the config, the logs and each key of the funnel that has an option.
`Output` is where the report goes and how it looks. `command` spreads their fields into the signature
that typer reads, so that a command takes the groups and repeats none of their options.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from funnelcli import __version__
from funnelcli.cli.streams import put

FUNNEL, OUTPUT = "What is counted", "Output"
"""The headings of the help under which options stand."""


def _print_version(asked: bool) -> None:
    if asked:
        put(f"funnelcli {__version__}\n")
        raise typer.Exit


def option(*names: str, help: str, metavar: str | None = None, group: str = FUNNEL) -> Any:
    """An option of typer's, without a default in its help."""
    return typer.Option(*names, metavar=metavar, help=help, rich_help_panel=group, show_default=False)


def argument(metavar: str, help: str) -> Any:
    """Positional arguments of typer's."""
    return typer.Argument(metavar=metavar, help=help, show_default=False)


ConfigAndLogs = Annotated[
    list[str] | None,
    argument(
        "[CONFIG] [LOGS]...",
        "The first is the config if it ends in .yaml or .yml; else ./funnel.yaml is. The others are logs, instead of "
        "the config's: files, folders, globs, or - for standard input.",
    ),
]
Configs = Annotated[list[str] | None, argument("[CONFIG]...", "YAML files; ./funnel.yaml without any.")]
LogFiles = Annotated[list[str], argument("LOGS...", "Files, folders, globs, or - for standard input.")]

LogsOption = Annotated[list[str] | None, option("--logs", metavar="LOGS", help="A log; repeatable. As LOGS.")]
FunnelName = Annotated[
    list[str] | None, option("--funnel", metavar="NAME", help="Of several funnels, this; repeatable.")
]
StageOption = Annotated[
    list[str] | None,
    option("--stage", metavar="NAME=EVENT,…", help="Define a stage, without a config; repeatable, in order."),
]
ColumnNames = Annotated[
    str | None,
    option("--columns", metavar="KEY=COLUMN,…", help="Columns: user=…,event=…,timestamp=…, and unit or format of it."),
]
Timezone = Annotated[str | None, option("--timezone", metavar="ZONE", help="Of naive times and calendar days.")]
Unit = Annotated[list[str] | None, option("--unit", metavar="COLUMN,…", help="What is counted; users by default.")]
Where = Annotated[
    list[str] | None,
    option(
        "--where", metavar="COLUMN=VALUE", help="Only rows where this holds, also != > >= < <=; repeatable for AND."
    ),
]
Window = Annotated[
    str | None, option("--window", metavar="DURATION", help="Longest time to convert: 45s 30m 12h 7d 2w.")
]
Order = Annotated[str | None, option("--order", metavar="ORDER", help="Order of the stages: loose, strict or any.")]
Ties = Annotated[str | None, option("--ties", metavar="RULE", help="Rows at the same instant: stage, strict or row.")]
Entry = Annotated[str | None, option("--entry", metavar="RULE", help="Which entry counts: earliest, latest or first.")]
Range = Annotated[
    str | None, option("--range", metavar="RULE", help="Dates limit who enters (entry) or every row (all).")
]
Start = Annotated[
    str | None, option("--start", metavar="STAGE", help="Units enter at the first stage (first), or at any (open).")
]
Count = Annotated[
    str | None, option("--count", metavar="WHAT", help="Count units, or attempts, of which a unit may have several.")
]
Same = Annotated[
    list[str] | None,
    option("--same", metavar="COLUMN,…", help="All rows of a journey agree on these columns; repeatable."),
]
Session = Annotated[
    str | None,
    option("--session", metavar="DURATION", help="Count each session: a longer silence ends it, or a column tells."),
]
Exclude = Annotated[
    list[str] | None,
    option("--exclude", metavar="EVENT,…", help="Events that end a journey between first and last stage; repeatable."),
]
Semantics = Annotated[
    str | None,
    option(
        "--semantics",
        metavar="PRESET",
        help="Count as amplitude, clickhouse, mixpanel, mixpanel-reentry, posthog or ga4; report: or all.",
    ),
]
Since = Annotated[str | None, option("--since", metavar="TIME", help="From this time on: 2026-01-31, 30d, yesterday.")]
Until = Annotated[str | None, option("--until", metavar="TIME", help="Before this time.")]
AsOf = Annotated[str | None, option("--as-of", metavar="TIME", help="The end of the data; later rows are left out.")]
SegmentFrom = Annotated[
    str | None,
    option("--segment-from", metavar="ROW", help="Row of the segment: entry, first, last, any or a stage."),
]
Mature = Annotated[
    bool | None, option("--mature/--no-mature", help="Only units whose window is over at the end of the data.")
]
By = Annotated[
    list[str] | None,
    option("--by", metavar="COLUMN,…", help="Split by this column, or by several crossed; repeatable."),
]
Top = Annotated[
    int | None,
    typer.Option("--top", metavar="N", min=1, help="Pool all segments but the N largest.", rich_help_panel=FUNNEL),
]

Format = Annotated[
    str,
    option("--format", "-f", metavar="FORMAT", group=OUTPUT,
            help="table, plain, csv, tsv, json, ndjson, markdown or parquet; auto goes by the suffix of --output."),
]  # fmt: skip
OutputFile = Annotated[
    str, option("--output", "-o", metavar="FILE", group=OUTPUT, help="Write to this file; - is standard output.")
]
Get = Annotated[
    str | None,
    option("--get", metavar="PATH", group=OUTPUT,
           help="Print only this value of the JSON, raw: 'stages[Purchase].conversion_rate'."),
]  # fmt: skip
Color = Annotated[str, option("--color", metavar="WHEN", group=OUTPUT, help="auto, always or never.")]
SpreadsheetSafe = Annotated[
    bool,
    option(
        "--spreadsheet-safe",
        group=OUTPUT,
        help="In csv and tsv put ' before text that a spreadsheet would take for a formula.",
    ),
]
Quiet = Annotated[bool, option("--quiet", "-q", group=OUTPUT, help="No notes on standard error.")]
Verbose = Annotated[
    bool, option("--verbose", "-v", group=OUTPUT, help="Say what is done and how long it took; tracebacks of bugs.")
]
Version = Annotated[
    bool,
    typer.Option("--version", "-V", help="Print the version.", callback=_print_version, is_eager=True,
                 rich_help_panel=OUTPUT, show_default=False),
]  # fmt: skip


@dataclass(frozen=True)
class Selection:
    """What is counted. The fields after `paths` are the keys of the funnel, as typed; None is not given."""

    paths: ConfigAndLogs = None
    logs: LogsOption = None
    funnel: FunnelName = None
    stage: StageOption = None
    columns: ColumnNames = None
    timezone: Timezone = None
    unit: Unit = None
    where: Where = None
    window: Window = None
    order: Order = None
    ties: Ties = None
    entry: Entry = None
    range: Range = None
    start: Start = None
    count: Count = None
    same: Same = None
    session: Session = None
    exclude: Exclude = None
    semantics: Semantics = None
    since: Since = None
    until: Until = None
    as_of: AsOf = None
    segment_from: SegmentFrom = None
    mature: Mature = None
    by: By = None


@dataclass(frozen=True)
class Output:
    """Where the report goes and how it looks."""

    format: Format = "auto"
    output: OutputFile = "-"
    get: Get = None
    spreadsheet_safe: SpreadsheetSafe = False
    color: Color = "auto"
    quiet: Quiet = False
    verbose: Verbose = False


def _told(help_option: Any) -> Any:
    """The option --help, such that what it says is written in full, or that is an error."""
    help_option.callback = _print_help
    return help_option


def _print_help(ctx: Any, param: Any, asked: bool) -> None:  # noqa: ARG001 - as typer calls it
    if asked:
        put(f"{ctx.get_help()}\n")
        raise typer.Exit


class Program(TyperGroup):
    """The program as a whole, before a command is named."""

    def get_help_option(self, ctx: Any) -> Any:
        """The option --help; where it cannot be written, that is an error."""
        return _told(super().get_help_option(ctx))


class Command(TyperCommand):
    """A command whose help has its options under their headings, and its arguments as they are written."""

    def get_help_option(self, ctx: Any) -> Any:
        """The option --help; where it cannot be written, that is an error."""
        return _told(super().get_help_option(ctx))

    def get_short_help_str(self, limit: int = 200) -> str:  # noqa: ARG002 - the method of typer's
        """Its line in the list of commands, uncut."""
        return super().get_short_help_str(200)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the method of typer's
        """What stands in the usage line after the command."""
        return [*(str(each.metavar) for each in self.params if each.param_type_name == "argument"), "[OPTIONS]"]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, then each group of options."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for each in self.get_params(ctx):
            record = each.get_help_record(ctx)
            if record is None:
                continue
            if each.param_type_name == "argument":
                groups.setdefault("Arguments", []).append((str(each.metavar), record[1]))
            else:
                groups.setdefault(getattr(each, "rich_help_panel", None) or OUTPUT, []).append(record)
        for heading, records in groups.items():
            with formatter.section(heading):
                formatter.write_dl(records)


def command(function: Callable[..., int]) -> Callable[..., int]:
    """The function as typer wants it: each field of its dataclasses is a parameter of its own; --version is added."""
    hints = get_type_hints(function, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    parameters = []
    for parameter in inspect.signature(function).parameters.values():
        group = groups.get(parameter.name)
        if group is None:
            parameters.append(_keyword(parameter.name, hints[parameter.name], default=parameter.default))
        else:
            types = get_type_hints(group, include_extras=True)
            parameters.extend(_keyword(field.name, types[field.name], default=field.default) for field in fields(group))

    parameters.append(_keyword("version", Version, default=False))

    @functools.wraps(function)
    def spread(*, version: bool, **values: Any) -> int:  # noqa: ARG001 - it has left with the version by now
        built = {
            name: group(**{field.name: values.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        return function(**built, **values)

    spread.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    spread.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return spread


def _keyword(name: str, annotation: Any, *, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
