"""The program: finds the command, runs it, and turns every way it can end into an exit code.

The one place where errors are caught. A mistake of the user's is one line on standard error and the code
of its class; a fault of ours is one line that asks to report it, and 70.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NoReturn

import typer
from typer.main import get_command

from funnelcli import __version__
from funnelcli.cli import signals
from funnelcli.cli.options import Command, Program, Version
from funnelcli.cli.streams import say, secure_descriptors, tell
from funnelcli.errors import BUG, DATA, DONE, FunnelcliError, UsageError

COMMANDS = (
    "report", "compare", "bottlenecks", "trend", "timing", "drivers", "paths", "users", "explain", "check", "validate",
    "inspect", "init", "schema", "doctor",
)  # fmt: skip
"""Every command, in the order of the help: the function of that name in the file of that name."""

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
        say("error", _usage(error, f"funnelcli {arguments[0]}" if arguments[0] in COMMANDS else "funnelcli"))
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
        app.command(name, cls=Command)(_command(name))
        program, words = f"funnelcli {name}", arguments[1:]
    else:
        app.callback(cls=Program)(_program)
        for other in COMMANDS:
            app.command(other, cls=Command)(_command(other))
        program, words = "funnelcli", arguments
    code: int | None = get_command(app).main(list(words), prog_name=program, standalone_mode=False)
    return code or DONE


def _command(name: str) -> Callable[..., int]:
    """The function of the command; no other command's file is read for it."""
    function: Callable[..., int] = getattr(import_module(f"funnelcli.cli.{name}"), name)
    return function


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


_VALUE = re.compile(r"Invalid value for '(--[\w-]+)': (.*)", re.DOTALL)
_WORDS = (
    (re.compile(r"Input should be greater than or equal to (\S+)"), r"it must be \1 or more"),
    (re.compile(r"Input should be less than or equal to (\S+)"), r"it must be \1 or less"),
    (re.compile(r"Input should be a valid integer.*"), "it must be a whole number"),
    (re.compile(r"Input should be a valid number.*"), "it must be a number"),
)
"""What typer says of a number, and what we say."""


def _usage(error: typer.TyperException, program: str) -> str:
    """What typer has to say of the command line, with the nearest words that exist."""
    message = error.format_message().partition(" (Possible options:")[0].rstrip(".")
    for theirs, ours in (*_WORDS, (_VALUE, r"\1: \2")):
        message = theirs.sub(ours, message)
    message = message[:1].lower() + message[1:].replace(". Did", "; did")
    near = getattr(error, "possibilities", None)
    if near:
        return f"{message}; did you mean {' or '.join(near)}?"
    if message.endswith("?"):
        return message
    return f"{message}; see {program} --help"


def _short(text: str) -> str:
    """The first line, at most 200 characters: a message of Polars can be megabytes of the user's data."""
    line = text.partition("\n")[0]
    return line if len(line) <= 200 else f"{line[:200]}…"
