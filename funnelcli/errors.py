"""Everything that can go wrong in a way a person can mend, and the exit code of each.

    FunnelcliError
    ├── UsageError     2   the command line asks for something that cannot be
    ├── ConfigError    2   the YAML is bad or missing; carries every problem with its place
    ├── DataError      3   the logs are missing, unreadable, or do not have what the funnel needs
    └── OutputError    4   the report could not be written

A message is one line: what, where, what to do. `Bug` is the one error that a person
cannot mend: an identity that must hold did not.
"""

from __future__ import annotations

from dataclasses import dataclass

DONE, GATE, USAGE, DATA, OUTPUT, BUG = 0, 1, 2, 3, 4, 70
"""Exit codes: done, a gate said no, usage or config, data, could not write, a bug of ours."""


class FunnelcliError(Exception):
    """The base of all errors that a person can mend; its text is the one line they read."""

    code = USAGE


class UsageError(FunnelcliError):
    """The command line asks for something that cannot be."""

    code = USAGE


@dataclass(frozen=True, order=True)
class Problem:
    """One complaint about a YAML file. Line and column count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ConfigError(FunnelcliError):
    """The YAML is bad or missing. `problems` holds every complaint in the order of the file."""

    code = USAGE

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class DataError(FunnelcliError):
    """The logs are missing, unreadable, or do not have what the funnel needs."""

    code = DATA


class OutputError(FunnelcliError):
    """The report could not be written."""

    code = OUTPUT


class Bug(Exception):  # noqa: N818  # not an error of the person's
    """An identity that must hold did not; the fault is ours."""

    code = BUG
