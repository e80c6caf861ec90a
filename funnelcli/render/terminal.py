"""Tables for a person at a terminal, drawn with rich at a given width.

In: Tables, the width in cells, whether to use colour, and what the terminal can encode. Out: text; nothing here looks
at the terminal or the environment. Colour only repeats what words and bars say, and data is never read as markup.
"""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Literal

from funnelcli.display import words
from funnelcli.render.bar import bar
from funnelcli.render.layout import GAP, Layout, layout
from funnelcli.render.spark import sparkline
from funnelcli.render.text import RIGHT_ALIGNED, encodable, wrapped
from funnelcli.tables.table import PICTURES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import RenderableType
    from rich.text import Text

    from funnelcli.tables.table import Cell, Column, Section, Table

_NARROWEST, _USUAL, _PROSE = 20, 80, 100
"""Cells: no terminal is narrower; one that does not know its width is this wide; sentences read easily up to here."""


def wants_color(mode: Literal["auto", "always", "never"], stream_is_tty: bool, environ: Mapping[str, str]) -> bool:
    """Whether to write colour: as `mode` says, else as the environment says, else if a person is looking.

    `NO_COLOR` (any text) says no; then `FORCE_COLOR` and `CLICOLOR_FORCE` (any text but 0) say yes; then
    `TERM=dumb` and `CLICOLOR=0` say no.
    """
    if mode != "auto":
        return mode == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "") not in {"", "0"} for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return stream_is_tty and environ.get("TERM") != "dumb" and environ.get("CLICOLOR") != "0"


def terminal(tables: Sequence[Table], *, width: int, color: bool, encoding: str = "utf-8") -> str:
    """The Tables for a terminal of `width` cells (0 or less: unknown) that can show `encoding`.

    A line is longer than `width` only where the terminal is too narrow for the numbers that must be shown.
    """
    from rich.console import Console

    cells = max(width, _NARROWEST) if width > 0 else _USUAL
    out = StringIO()
    console = Console(
        file=out, width=10_000, height=25, force_terminal=color, color_system="standard" if color else None,
        no_color=not color, markup=False, emoji=False, highlight=False, legacy_windows=False, _environ={},
    )  # fmt: skip
    for position, table in enumerate(tables):
        if position:
            console.print()
        for part in _parts(table, cells, encoding):
            console.print(part)
    return "".join(f"{line.rstrip(' ')}\n" for line in out.getvalue().removesuffix("\n").split("\n"))


def _parts(table: Table, width: int, encoding: str) -> Iterator[RenderableType]:
    yield _prose(table.title, width, encoding, "bold")
    for line in table.summary:
        yield _prose(line, width, encoding)
    left_out: dict[str, None] = {}
    cut: list[str] = []
    for whole in table.sections:
        section = replace(whole, rows=whole.rows[: whole.most])
        if more := len(whole.rows) - len(section.rows):
            cut.append(f"{words('count', more)} more rows; --format csv has all.")
        yield ""
        if section.heading:
            yield _prose(section.heading, width, encoding, "bold")
        texts = [_texts(section, at, encoding) for at in range(len(section.columns))]
        fitted = layout(section.columns, texts, width)
        place = f" ({section.heading})" if section.heading else ""
        left_out |= dict.fromkeys(f"{name}{place}" for at in fitted.left_out if (name := section.columns[at].heading))
        yield _grid(section, texts, fitted, encoding)
    hidden = ", ".join(left_out)
    notes = [
        *cut,
        *table.notes,
        *([f"Left out at a width of {width}: {hidden} (--format plain has all)."] if hidden else []),
    ]
    for position, note in enumerate(notes):
        if not position:
            yield ""
        yield _prose(note, width, encoding, "dim")


def _texts(section: Section, at: int, encoding: str) -> list[str]:
    """The heading of a column and the words of its cells; of a bar only the heading, as its cells are drawn to fit,
    and a sparkline in full, which is drawn again to fit.
    """
    column = section.columns[at]
    values = [row[at] for row in section.rows]
    if column.kind == "sparkline":
        return [encodable(column.heading, encoding), *(sparkline(value, None, encoding) for value in values)]
    cells = [] if column.kind == "bar" else [words(column.kind, value, section.zone) for value in values]
    return [encodable(text, encoding) for text in (column.heading, *cells)]


def _prose(text: str, width: int, encoding: str, style: str = "") -> RenderableType:
    from rich.text import Text

    return Text("\n".join(wrapped(encodable(text, encoding), min(width, _PROSE))), style)


def _grid(section: Section, texts: Sequence[Sequence[str]], fitted: Layout, encoding: str) -> RenderableType:
    from rich.box import Box
    from rich.table import Table as Grid
    from rich.text import Text

    rule = encodable("─", encoding)[0]
    box = Box(f"    \n    \n {rule * 2} \n" + "    \n" * 5)
    grid = Grid(box=box, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0), header_style="")
    widths = dict(zip(fitted.shown, fitted.widths, strict=True))
    headings = {at: wrapped(texts[at][0], width) for at, width in widths.items()}
    height = max(map(len, headings.values()))
    for at, width in widths.items():
        lines = [""] * (height - len(headings[at])) + headings[at]
        side: Literal["left", "right"] = "right" if section.columns[at].kind in RIGHT_ALIGNED else "left"
        grid.add_column(Text("\n".join(lines), "bold"), justify=side, width=width)
    for number, row in enumerate(section.rows, start=1):
        grid.add_row(*(
            _picture(section.columns[at], row[at], width, encoding)
            if section.columns[at].kind in PICTURES
            else Text("\n".join(wrapped(texts[at][number], width)), _style(section.columns[at], row[at]))
            for at, width in widths.items()
        ))  # fmt: skip
    return grid


def _picture(column: Column, value: Cell, width: int, encoding: str) -> Text:
    from rich.text import Text

    if column.kind == "sparkline":
        return Text(sparkline(value, width, encoding), "cyan")
    drawn, lost = bar(value, width, encoding)
    return Text.assemble((drawn, "cyan"), (lost, "dim"))


def _style(column: Column, value: Cell) -> str:
    return "dim" if value is None or column.kind == "interval" else ""
