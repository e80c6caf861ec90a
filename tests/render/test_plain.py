from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rich.cells import cell_len

from funnelcli.render import plain
from funnelcli.tables.table import Column, Section
from tests.handmade import EMPTY, HOSTILE, SHOP

Golden = Callable[[str, str], None]


def test_a_report_in_a_pipe(golden: Golden) -> None:
    golden("render/shop-plain.txt", plain([SHOP, EMPTY]))


def test_hostile_names_in_a_pipe(golden: Golden) -> None:
    golden("render/hostile-plain.txt", plain([HOSTILE]))


def test_a_report_in_ascii(golden: Golden) -> None:
    output = plain([SHOP], encoding="ascii")
    assert output.isascii()
    golden("render/shop-plain-ascii.txt", output)


def test_an_encoding_keeps_what_it_can() -> None:
    assert "Köp " in plain([SHOP], encoding="latin-1")
    assert "5.4-6.1 %" in plain([SHOP], encoding="latin-1")
    assert "5.4–6.1 %" in plain([SHOP], encoding="cp1252")


def test_a_line_is_never_cut_or_wrapped() -> None:
    name = "long " * 2000
    section = Section("", (Column("Name", "text"), Column("Count", "count")), ((name, 1), ("购买", 22)))
    first, second = plain([replace(EMPTY, sections=(section,), summary=())]).splitlines()[3:5]
    assert first == f"{name}      1"
    assert second.startswith("购买 ")
    assert cell_len(first) == cell_len(second)


def test_a_section_of_bars_only_is_no_section() -> None:
    table = replace(EMPTY, summary=(), sections=(Section("", (Column("", "bar"),), ((0.5,),)),))
    assert plain([table]) == "Sales\n"
