from __future__ import annotations

import csv
import io
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funnelcli.errors import DataError
from funnelcli.events import load
from funnelcli.events.files import sources
from funnelcli.events.scan import damage, scans
from tests.events.building import funnel, parquet, written

if TYPE_CHECKING:
    from pathlib import Path

Table = tuple[list[list[str | None]], Counter[str], list[str]]


def read(*paths: Path, names: list[str] | None = None) -> Table:
    """What our reader sees: rows (empty cells None), damaged rows by reason, notes."""
    with ExitStack() as stack:
        files, _ = sources([str(path) for path in paths], stack)
        found = scans(files, names, stack)
        table = [list(row) for scan in found for row in scan.frame.collect().rows()]
        assert len(table) == sum(scan.rows for scan in found)
        return table, *damage(found)


def told(path: Path, text: str | bytes) -> Table:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(path)


words = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\0\ufeff\u2028\x85"), max_size=6)
nasty = st.text(st.sampled_from("ab \",;\t|\n'é购"), max_size=6)
headers = st.lists(
    st.text(st.sampled_from('abc "*^$].'), min_size=1, max_size=4).filter(str.strip),
    min_size=2,
    max_size=5,
    unique=True,
)
few = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    header = draw(headers)
    cells = st.lists(words | nasty, min_size=len(header), max_size=len(header))
    return header, draw(st.lists(cells.filter(lambda row: row != header), max_size=8))


@few
@given(
    table=tables(),
    separator=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    mark=st.booleans(),
    closed=st.booleans(),
)
def test_every_whole_row_is_read_as_python_reads_it(
    tmp_path: Path,
    table: tuple[list[str], list[list[str]]],
    separator: str,
    end: str,
    quoting: int,
    mark: bool,
    closed: bool,
) -> None:
    header, body = table
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting).writerows([header, *body])  # type: ignore[arg-type]
    data = text.getvalue() if closed else text.getvalue().removesuffix(end)
    path = tmp_path / "a.csv"
    path.write_bytes((b"\xef\xbb\xbf" if mark else b"") + data.encode())
    expected = list(csv.reader(io.StringIO(data, newline=""), delimiter=separator))[1:]
    if any(other != separator and text.getvalue().split(end)[0].count(other) >= len(header) - 1 for other in ",;\t|"):
        return  # a header that another separator parts as often says nothing
    rows, reasons, _ = read(path)
    assert rows == [[cell.replace("\r\n", "\n") or None for cell in row] for row in expected]
    assert not reasons


@few
@given(st.lists(st.text(st.sampled_from('ab,"\n'), max_size=9), max_size=12))
def test_no_line_is_lost_whatever_is_in_it(tmp_path: Path, lines: list[str]) -> None:
    text = "\n".join(["x,y,z", *lines]) + "\n"
    path = tmp_path / "a.csv"
    path.write_text(text)
    rows, reasons, _ = read(path)
    breaks = sum(cell.count("\n") for row in rows for cell in row if cell)
    assert text.count("\n") == 1 + len(rows) + breaks + reasons.total()
    narrow, same, _ = read(path, names=["y"])
    assert [row[1] for row in rows] == [row[0] for row in narrow], "fewer columns, the same rows"
    assert same == reasons


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "blank"),
        ("ann", "short"),
        ("ann,visit", "short"),
        ("ann,visit,2026-01-01,x", "long"),
        ('"ann,visit,2026-01-01', "unbalanced_quote"),
        ('ann,"vis"it,2026-01-01', "unbalanced_quote"),
        ('ann,visit,2026-01-01"', None),
        ('5" screen,visit,2026-01-01', None),
        ('"an""n",visit,2026-01-01', None),
        ('ann, "visit",2026-01-01', None),
        ("an\0n,visit,2026-01-01", "nul"),
        ("an\0n,visit", "short"),
        ("user,event,timestamp", "repeated_header"),
        ('"user",event,timestamp', "repeated_header"),
    ],
)
def test_a_damaged_row_is_counted_under_its_reason_and_its_neighbours_are_read(
    tmp_path: Path, line: str, reason: str | None
) -> None:
    around = "{0},visit,2026-01-01\n"
    text = "user,event,timestamp\n" + around.format("one") + line + "\n" + around.format("two")
    rows, reasons, _ = told(tmp_path / "a.csv", text)
    assert reasons == (Counter([reason]) if reason else Counter())
    assert [row[0] for row in rows if row[0] in ("one", "two")] == ["one", "two"]
    if reason is None:
        (expected,) = csv.reader([line])
        assert rows[1] == expected


def test_a_row_whose_quoted_field_holds_line_breaks_is_one_row(tmp_path: Path) -> None:
    text = 'x,y\n1,"a\nb\n\nc"\n"d\n",2\n\n'
    assert told(tmp_path / "a.csv", text)[:2] == ([["1", "a\nb\n\nc"], ["d\n", "2"]], Counter(blank=1))


def test_a_stray_quote_swallows_its_own_line_and_no_other(tmp_path: Path) -> None:
    text = "x,y,z\n" + 'a,"b,c\n' + "1,2,3\n" * 3000 + 'd,"e,f\n' + "1,2,3\n"
    rows, reasons, notes = told(tmp_path / "a.csv", text)
    assert (len(rows), reasons) == (3001, Counter(unbalanced_quote=2))
    assert notes == [f"{tmp_path}/a.csv: 2 damaged rows left out, in lines 2, 3003"]


def test_the_note_on_damage_counts_physical_lines(tmp_path: Path) -> None:
    _, _, notes = told(tmp_path / "a.csv", '\nx,y\n"a\nb",1\n1\n1\n1\n1\n')
    assert notes == [f"{tmp_path}/a.csv: 5 damaged rows left out, the first in lines 1, 5, 6"]


def test_an_empty_cell_is_null_quoted_or_not(tmp_path: Path) -> None:
    assert told(tmp_path / "a.csv", 'x,y\n,""\n" ",\n')[0] == [[None, None], [" ", None]]


def test_what_looks_like_null_or_a_number_stays_text(tmp_path: Path) -> None:
    table = [["007", "NULL"], ["1e5", "NaN"], ["9007199254740993", "\\N"]]
    assert told(tmp_path / "a.csv", "x,y\n" + "".join(",".join(row) + "\n" for row in table))[0] == table


@pytest.mark.parametrize("separator", ",;\t|")
def test_the_separator_is_found_out(tmp_path: Path, separator: str) -> None:
    path = written(tmp_path / "a.csv", [("a,b;c", "d\te|f")], ("x", "y"), separator)
    assert read(path)[0] == [["a,b;c", "d\te|f"]]


@pytest.mark.parametrize(
    "name", ["^x$", "*", "x.y", "x[0]", "", "row", "c1", "name", "time", 'a"b', " x ", "購買", "@user"]
)
def test_a_column_is_its_name_and_nothing_more(tmp_path: Path, name: str) -> None:
    header = ["x", "xx", name, "user", "event", "timestamp"]
    written(tmp_path / "a.csv", [["no", "no", "yes", "ann", "visit", "2026-01-01"]], header)
    parquet(tmp_path / "a.parquet", [["no", "no", "yes", "ann", "visit", "2026-01-01"]], header)
    for log in ("a.csv", "a.parquet"):
        events = load(funnel(tmp_path / log, breakdowns=((name,),), ties="row"))
        assert events.rows[f"@{name}"].to_list() == ["yes"]


def test_text_that_is_not_utf_8_is_an_error_also_in_a_column_that_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"user,event,timestamp,x\nann,visit,2026-01-01,\xe9\n")
    with pytest.raises(DataError, match="not UTF-8 text; convert it first"):
        load(funnel(tmp_path / "a.csv"))


def test_one_damaged_file_among_many_does_no_harm_to_the_others(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.csv" for number in range(5)]
    for number, path in enumerate(paths):
        path.write_text(f"x,y\n{number},a\n" + ("broken\n" if number == 2 else ""))
    rows, reasons, notes = read(*paths)
    assert [row[0] for row in rows] == ["0", "1", "2", "3", "4"]
    assert reasons == Counter(short=1)
    assert notes == [f"{paths[2]}: 1 damaged row left out, in line 3"]


@pytest.mark.parametrize("lines", [1, 2, 3, 7])
def test_where_a_file_is_parted_into_batches_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: int
) -> None:
    text = (
        'x,y\n1,a\n2,"b\nb"\n\n3,"c\n\n,,\nx,y\nc"\n4\n5,"stray\n6,d\n"7","e"\n8,f,g\nx,y\n9,"h\nh" i\n'
        '10,j"j\n"11","k\nk"\n12,"l\n' * 3
    )
    plain = told(tmp_path / "a.csv", text)
    assert plain[1].total() > 20
    monkeypatch.setattr("funnelcli.events.audit._BATCH", lines)
    assert told(tmp_path / "a.csv", text) == plain
