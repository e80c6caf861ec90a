"""Where a report goes: the format is settled before any work is done, the bytes are written after all of it.

The same format gives the same bytes in a file and in a pipe; only a terminal is asked for its width and colours.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from funnelcli.cli.value import value
from funnelcli.errors import OutputError, UsageError

if TYPE_CHECKING:
    from funnelcli.cli.options import Output
    from funnelcli.tables.table import Table

Color = Literal["auto", "always", "never"]
COLORS: tuple[Color, ...] = ("auto", "always", "never")
Word = TypeVar("Word", bound=str)
WIDTH = 80
"""The width of a table that no terminal shows."""


def writer(output: Output, *, private: bool = False) -> Callable[[Sequence[Table]], None]:
    """What writes tables as `--format`, `--output` and `--color` say, or the one value that `--get` names; a new
    `private` file is for its owner only.

    Raises:
        UsageError: no such format, no format for the suffix, a binary one to a terminal, or one with --get.
        OutputError: standard output is closed.
    """
    if output.get is not None:
        return _value_writer(output.get, output)
    form = _format(output)
    one_of("--color", output.color, COLORS)
    if output.spreadsheet_safe and form not in {"csv", "tsv"}:
        raise UsageError(f"--spreadsheet-safe: is for csv and tsv, and the format is {form}; leave it out")

    def deliver(tables: Sequence[Table]) -> None:
        from funnelcli.export import write

        write(_bytes(tables, form, output), output.output, private=private)

    return deliver


def _value_writer(path: str, output: Output) -> Callable[[Sequence[Table]], None]:
    """What writes the one value that `--get` names, raw, on a line of its own; nothing for null."""
    if output.format != "auto":
        raise UsageError("--get: it prints one raw value; leave --format out")

    def deliver(tables: Sequence[Table]) -> None:
        from funnelcli.export import write
        from funnelcli.export.rows import exact

        found = value(tables[0].record, path)
        write(b"" if found is None else f"{exact(found)}\n".encode(), output.output)

    return deliver


def _format(output: Output) -> str:
    """The format by its name; `auto` goes by the suffix of the file, or by who reads standard output."""
    from funnelcli.export import BINARY, FORMATS, SUFFIXES, is_terminal

    form = one_of("--format", output.format, ("auto", "table", "plain", *FORMATS))
    if output.output == "-":
        if sys.stdout is None:
            raise OutputError("standard output is closed; write to a file with --output FILE")
        if form == "auto":
            return "table" if sys.stdout.isatty() else "plain"
    elif form == "auto":
        suffix = Path(output.output).suffix.lower()
        if suffix not in SUFFIXES:
            raise UsageError(
                f"--output: no format goes by the suffix of {output.output!r}; name one with --format, "
                f"or end the name in {', '.join(SUFFIXES)}"
            )
        form = SUFFIXES[suffix]
    if form in BINARY and is_terminal(output.output):
        raise UsageError(f"--format: {form} is no text for a terminal; write it to a file with --output FILE")
    return form


def one_of(option: str, word: str, words: Sequence[Word]) -> Word:
    """The word, if it is one of those that the option takes.

    Raises:
        UsageError: it is not.
    """
    for known in words:
        if word == known:
            return known
    near = get_close_matches(word, words, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it is one of {', '.join(words)}"
    raise UsageError(f"{option}: no {word!r}; {hint}")


def _bytes(tables: Sequence[Table], form: str, output: Output) -> bytes:
    if form == "table":
        return _table(tables, output)
    if form == "plain":
        from funnelcli.render import plain

        return plain(tables).encode()
    from funnelcli.export import FORMATS, spreadsheet_safe

    return FORMATS[form](spreadsheet_safe(tables) if output.spreadsheet_safe else tables)


def _table(tables: Sequence[Table], output: Output) -> bytes:
    """The table for a person: as wide as the terminal, in its encoding; elsewhere 80 columns (or COLUMNS) in UTF-8."""
    from funnelcli.render import terminal, wants_color

    shown = output.output == "-" and sys.stdout.isatty()
    encoding = sys.stdout.encoding if shown else "utf-8"
    color = wants_color(one_of("--color", output.color, COLORS), shown, os.environ)
    text = terminal(tables, width=_width(shown=shown), color=color, encoding=encoding)
    return text.encode(encoding, "backslashreplace")


def _width(*, shown: bool) -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or WIDTH if shown else WIDTH
    except OSError:
        return WIDTH
