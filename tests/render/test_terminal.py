from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from funnelcli.errors import Bug
from funnelcli.render import plain, terminal, wants_color
from funnelcli.render.bar import bar
from funnelcli.render.text import wrapped
from funnelcli.tables.table import Column, Section, Table
from tests.handmade import EMPTY, HOSTILE, SHOP

Golden = Callable[[str, str], None]
CODES = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_report_on_a_terminal(width: int, golden: Golden) -> None:
    golden(f"render/shop-{width}.txt", terminal([SHOP, EMPTY], width=width, color=False))


def test_a_report_in_colour(golden: Golden) -> None:
    golden("render/shop-color.txt", terminal([SHOP], width=100, color=True))


def test_a_report_on_a_terminal_without_unicode(golden: Golden) -> None:
    output = terminal([SHOP], width=100, color=False, encoding="ascii")
    assert output.isascii()
    golden("render/shop-ascii.txt", output)


def test_hostile_names_on_a_terminal(golden: Golden) -> None:
    golden("render/hostile-80.txt", terminal([HOSTILE], width=80, color=False))


@pytest.mark.parametrize("width", range(44, 201))
def test_every_line_fits_the_terminal(width: int) -> None:
    output = terminal([SHOP, EMPTY, HOSTILE], width=width, color=False)
    assert max(map(cell_len, output.splitlines())) <= width


@pytest.mark.parametrize("width", [-1, 0])
def test_a_terminal_of_unknown_width_gets_80_cells(width: int) -> None:
    assert terminal([SHOP], width=width, color=False) == terminal([SHOP], width=80, color=False)


@pytest.mark.parametrize("width", [1, 5, 20, 30])
def test_a_terminal_too_narrow_for_the_numbers_still_shows_them_whole(width: int) -> None:
    output = terminal([SHOP], width=width, color=False)
    assert "18,214" in output
    assert "购买" in output


@given(st.integers(1, 300))
def test_nothing_is_cut_at_any_width(width: int) -> None:
    name = "a very long name of a segment, " * 8 + "购买" * 40
    section = Section("", (Column("Name", "text"), Column("Count", "count")), ((name, 1_234_567),))
    output = terminal([replace(EMPTY, sections=(section,))], width=width, color=False)
    assert "1,234,567" in output
    assert "".join(output.replace("1,234,567", "").split()).count("购买") == 40
    assert "…" not in output


def test_colour_adds_nothing_but_codes() -> None:
    for table in (SHOP, EMPTY, HOSTILE):
        coloured = terminal([table], width=80, color=True)
        plainly = terminal([table], width=80, color=False)
        assert "\x1b[" in coloured
        assert "\x1b" not in plainly
        assert [line.rstrip() for line in CODES.sub("", coloured).splitlines()] == plainly.splitlines()


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = terminal([SHOP], width=100, color=True)
    for name, value in {"COLUMNS": "0", "NO_COLOR": "1", "TERM": "dumb", "JUPYTER_COLUMNS": "20"}.items():
        monkeypatch.setenv(name, value)
    assert terminal([SHOP], width=100, color=True) == before


def test_columns_go_by_priority_and_are_named() -> None:
    columns = tuple(Column(f"heading{number}", "count", number) for number in range(4))
    table = Table("t", {}, (), (), (Section("", columns, ((1, 2, 3, 4),)),))
    for width, shown in ((40, 4), (37, 3), (27, 2), (20, 2)):
        output = terminal([table], width=width, color=False)
        header = output.splitlines()[2]
        assert header.split() == [f"heading{number}" for number in range(shown)]
        assert ("Left out" in output) == (shown < 4)


def test_a_section_without_rows_shows_its_header() -> None:
    table = Table("t", {}, (), (), (Section("", (Column("Stage", "text"), Column("", "bar", 1)), ()),))
    assert "Stage" in terminal([table], width=60, color=False)


def test_a_long_section_is_cut_on_a_terminal_only_and_says_so() -> None:
    rows = tuple((f"u{number}",) for number in range(1500))
    table = Table("t", {}, (), (), (Section("", (Column("User", "text"),), rows, 2),), notes=("A note.",))
    assert terminal([table], width=60, color=False).splitlines()[-5:] == [
        "u0", "u1", "", "1,498 more rows; --format csv has all.", "A note.",
    ]  # fmt: skip
    assert plain([table]).count("\nu") == 1500


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("width", [8, 16, 28])
def test_a_bar_is_empty_only_for_none_full_only_for_all_and_never_shrinks(width: int, encoding: str) -> None:
    shares = [0, 1e-9, *(step / 500 for step in range(1, 500)), 1 - 1e-9, 1]
    bars = [bar(share, width, encoding)[0] for share in shares]
    assert bars[0] == ""
    assert all(bars[1:])
    assert len(set(bars[-1])) == 1 == bars.count(bars[-1])
    assert len(bars[-1]) == width
    ink = {"▏": 1, "▎": 2, "▍": 3, "▌": 4, "▋": 5, "▊": 6, "▉": 7, "█": 8, "#": 8}
    amounts = [sum(ink[sign] for sign in drawn) for drawn in bars]
    assert all(one <= other for one, other in pairwise(amounts))


@given(st.floats(0, 1), st.floats(0, 1), st.integers(8, 28), st.sampled_from(["utf-8", "ascii"]))
def test_a_bar_and_what_was_lost_fit_the_width(share: float, before: float, width: int, encoding: str) -> None:
    drawn, lost = bar((share, before), width, encoding)
    assert len(drawn + lost) <= width


def test_what_is_no_share_has_no_bar() -> None:
    assert bar(None, 8, "utf-8") == ("", "")
    with pytest.raises(Bug):
        bar("half", 8, "utf-8")


@given(st.text("ab 购%\u0301", max_size=60), st.integers(2, 20))
def test_wrapping_loses_no_word_and_keeps_the_width(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert max(map(cell_len, lines)) <= width
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("mode", "tty", "environ", "color"),
    [
        ("auto", True, {}, True),
        ("auto", False, {}, False),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {"FORCE_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", True, {"NO_COLOR": "0"}, False),
        ("auto", True, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("auto", False, {"FORCE_COLOR": "1"}, True),
        ("auto", False, {"FORCE_COLOR": "0"}, False),
        ("auto", False, {"CLICOLOR_FORCE": "1"}, True),
        ("auto", False, {"CLICOLOR_FORCE": "0"}, False),
        ("auto", True, {"CLICOLOR": "0"}, False),
        ("auto", False, {"CLICOLOR": "1"}, False),
        ("auto", True, {"TERM": "dumb"}, False),
        ("auto", True, {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
)
def test_who_decides_on_colour(mode: str, tty: bool, environ: dict[str, str], color: bool) -> None:
    assert wants_color(mode, tty, environ) is color  # type: ignore[arg-type]
