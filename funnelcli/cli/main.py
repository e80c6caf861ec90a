"""The program: finds the command, runs it, and turns every way it can end into an exit code.

The one place where errors are caught. A mistake of the user's is one line on standard error and the code
of its class; a fault of ours is one line that asks to report it, and 70.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from typing import NoReturn

import typer
from typer.main import get_command

from funnelcli import __version__
from funnelcli.cli import signals
from funnelcli.cli.doctor import doctor
from funnelcli.cli.explain import explain
from funnelcli.cli.init import init
from funnelcli.cli.inspect import inspect
from funnelcli.cli.options import Command, Version
from funnelcli.cli.paths import paths
from funnelcli.cli.report import report
from funnelcli.cli.schema import schema
from funnelcli.cli.streams import say, secure_descriptors, tell
from funnelcli.cli.users import users
from funnelcli.cli.validate import validate
from funnelcli.errors import BUG, DATA, DONE, FunnelcliError, UsageError

COMMANDS: dict[str, Callable[..., int]] = {
    "report": report,
    "users": users,
    "explain": explain,
    "paths": paths,
    "validate": validate,
    "inspect": inspect,
    "init": init,
    "schema": schema,
    "doctor": doctor,
}
"""Every command by its name, in the order of the help."""

ISSUES = "please report it with the command and, from --verbose, the traceback"


def main() -> NoReturn:
    """Run the command line of this process and leave with its exit code."""
    secure_descriptors()
    terminated = signals.secure()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    code = run(sys.argv[1:])
    if code == signals.INTERRUPTED and terminated.is_set():
        code = signals.TERMINATED
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """The exit code of one command line; what it prints is printed."""
    try:
        return _execute(arguments)
    except FunnelcliError as error:
        say("error", str(error))
        return error.code
    except typer.TyperException as error:
        say("error", _usage(error))
        return error.exit_code
    except MemoryError:
        say("error", "not enough memory for these logs; read fewer files, or a part with --since and --where")
        return DATA
    except KeyboardInterrupt:
        return signals.INTERRUPTED
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of Polars is no Exception
        if not {"-v", "--verbose"}.isdisjoint(arguments):
            import traceback

            tell(traceback.format_exc())
        say("error", f"a bug in funnelcli {__version__}: {type(error).__name__}: {_short(str(error))}; {ISSUES}")
        return BUG


def _execute(arguments: Sequence[str]) -> int:
    """Run the command that is asked for; all of them are built only for the help, and to suggest one."""
    if not arguments:
        raise UsageError("no command; write for example 'funnelcli report', or see funnelcli --help")
    app = _application()
    name = arguments[0]
    if name in COMMANDS:
        app.command(name, cls=Command)(COMMANDS[name])
        program, words = f"funnelcli {name}", arguments[1:]
    else:
        app.callback()(_program)
        for other, function in COMMANDS.items():
            app.command(other, cls=Command)(function)
        program, words = "funnelcli", arguments
    code: int | None = get_command(app).main(list(words), prog_name=program, standalone_mode=False)
    return code or DONE


def _application() -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
        epilog="Start with: funnelcli init LOGS -o funnel.yaml, then funnelcli report.",
    )


def _program(version: Version = False) -> None:
    """Conversion funnels from event logs: who gets from stage to stage, and where they leave."""


def _usage(error: typer.TyperException) -> str:
    """What typer has to say of the command line, with the nearest words that exist."""
    message = error.format_message().partition(" (Possible options:")[0].rstrip(".")
    message = message[:1].lower() + message[1:].replace(". Did", "; did")
    near = getattr(error, "possibilities", None)
    if near:
        return f"{message}; did you mean {' or '.join(near)}?"
    if message.endswith("?"):
        return message
    return f"{message}; see {getattr(getattr(error, 'ctx', None), 'command_path', 'funnelcli')} --help"


def _short(text: str) -> str:
    """The first line, at most 200 characters: a message of Polars can be megabytes of the user's data."""
    line = text.partition("\n")[0]
    return line if len(line) <= 200 else f"{line[:200]}…"
