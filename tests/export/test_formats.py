from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from funnelcli.display import printable
from funnelcli.errors import Bug
from funnelcli.export import BINARY, FORMATS, SUFFIXES, spreadsheet_safe
from tests.handmade import EMPTY, FIRST, HOSTILE, HOSTILE_NAMES, SHOP

if TYPE_CHECKING:
    from funnelcli.tables.table import Kind, Scalar, Table, Value

Golden = Callable[[str, str], None]
TEXT_FORMATS = sorted(FORMATS.keys() - BINARY)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def one_column(*values: Value, kind: Kind = "text") -> Table:
    return replace(EMPTY, fields=(("value", kind), ("end", "count")), rows=tuple((value, 0) for value in values))


def utf8(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()


def csv_rows(data: bytes, separator: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), delimiter=separator))


def text(value: Scalar) -> str:
    """A raw value as CSV has it, told another way than the program does."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return json.dumps(value)


@pytest.mark.parametrize("form", TEXT_FORMATS)
def test_a_report_as_a_file(form: str, golden: Golden) -> None:
    suffix = next(suffix for suffix, name in SUFFIXES.items() if name == form)
    golden(f"export/shop{suffix}", FORMATS[form]([SHOP]).decode())
    golden(f"export/two-funnels{suffix}", FORMATS[form]([SHOP, EMPTY]).decode())


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_tables_give_the_same_bytes(form: str) -> None:
    assert FORMATS[form]([SHOP, EMPTY]) == FORMATS[form]([SHOP, EMPTY])


@pytest.mark.parametrize("form", TEXT_FORMATS)
def test_every_text_format_ends_in_one_newline(form: str) -> None:
    data = FORMATS[form]([SHOP])
    assert data.endswith(b"\n")
    assert not data.endswith(b"\n\n")
    assert b"\r" not in data


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_is_none_is_a_bug_and_never_written(form: str, value: float) -> None:
    with pytest.raises(Bug):
        FORMATS[form]([replace(one_column(value, kind="number"), record={"value": value})])


@pytest.mark.parametrize("form", FORMATS)
def test_no_rows_are_a_header_or_nothing(form: str) -> None:
    assert isinstance(FORMATS[form]([replace(SHOP, rows=())]), bytes)


def test_hostile_names_in_markdown(golden: Golden) -> None:
    golden("export/hostile.md", FORMATS["markdown"]([HOSTILE]).decode())


# Lists

LISTS = (("email", None, '(none) "x", y'), (), None)


def test_a_list_is_a_list_wherever_the_format_has_such() -> None:
    table = one_column(*LISTS, kind="list")
    lines = FORMATS["ndjson"]([table]).splitlines()
    expected = [None if each is None else list(each) for each in LISTS]
    assert [json.loads(line)["value"] for line in lines] == expected
    frame = pl.read_parquet(FORMATS["parquet"]([table]))
    assert frame.schema["value"] == pl.List(pl.String)
    assert frame["value"].to_list() == expected


@pytest.mark.parametrize(("form", "separator"), [("csv", ","), ("tsv", "\t")])
def test_a_list_is_a_json_array_in_csv_and_null_is_empty(form: str, separator: str) -> None:
    rows = csv_rows(FORMATS[form]([one_column(*LISTS, kind="list")]), separator)
    assert [row["value"] and json.loads(row["value"]) for row in rows] == [list(LISTS[0] or ()), [], ""]


def test_a_list_reads_like_a_sentence_in_markdown() -> None:
    data = FORMATS["markdown"]([one_column(*LISTS, kind="list")]).decode()
    assert [line.split(" | ")[0] for line in data.splitlines() if line.endswith(" 0 |")] == [
        '| email, (none), "(none) "x", y"', "| ", "| ",
    ]  # fmt: skip


# JSON


def test_json_reads_back_as_the_record() -> None:
    document = json.loads(FORMATS["json"]([SHOP]))
    assert document["definition"] == {"window": 604800, "since": "2026-01-01T00:00:00Z"}
    assert document["data"] == {"rows_read": 204_815, "first_time": "2026-01-01T00:00:00.250000Z"}
    assert {key: document[key] for key in ("entered", "conversion_rate", "stages", "segments")} == {
        key: SHOP.record[key] for key in ("entered", "conversion_rate", "stages", "segments")
    }
    assert list(document) == list(SHOP.record)
    assert json.loads(FORMATS["json"]([HOSTILE]))["names"] == list(HOSTILE_NAMES)


def test_several_reports_are_one_document() -> None:
    document = json.loads(FORMATS["json"]([SHOP, EMPTY]))
    assert list(document) == ["format", "reports"]
    assert document["format"] == 1
    assert [report["funnel"] for report in document["reports"]] == ["Online shop", "Sales"]


@given(NAMES)
def test_json_keeps_every_text_and_lets_no_control_character_through(name: str) -> None:
    data = FORMATS["json"]([replace(EMPTY, record={"name": name})])
    assert json.loads(data) == {"name": name}
    assert not [sign for sign in data.decode() if sign != "\n" and (sign < " " or "\x7f" <= sign <= "\x9f")]


def test_a_naive_time_or_an_unknown_value_in_a_record_is_a_bug() -> None:
    for value in (FIRST.replace(tzinfo=None), {1, 2}):
        with pytest.raises(Bug):
            FORMATS["json"]([replace(EMPTY, record={"value": value})])


# Row formats


@pytest.mark.parametrize(("form", "separator"), [("csv", ","), ("tsv", "\t")])
def test_separated_values_read_back_exactly(form: str, separator: str) -> None:
    for table in (SHOP, EMPTY, HOSTILE):
        names = [name for name, _ in table.fields]
        rows = [{name: utf8(text(value)) for name, value in zip(names, row, strict=True)} for row in table.rows]
        assert csv_rows(FORMATS[form]([table]), separator) == rows


@given(st.lists(st.none() | NAMES, max_size=5))
def test_csv_keeps_every_text(values: list[str | None]) -> None:
    read = csv_rows(FORMATS["csv"]([one_column(*values)]))
    assert [row["value"] for row in read] == [value or "" for value in values]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_csv_keeps_every_number(value: float) -> None:
    assert float(csv_rows(FORMATS["csv"]([one_column(value, kind="number")]))[0]["value"]) == value


def test_csv_tells_null_from_an_empty_text() -> None:
    assert FORMATS["csv"]([one_column(None, "")]) == b'value,end\n,0\n"",0\n'


def test_a_lone_carriage_return_is_quoted() -> None:
    assert FORMATS["csv"]([one_column("a\rb")]) == b'value,end\n"a\rb",0\n'


def test_spreadsheet_safe_text_is_no_formula_and_all_else_stays() -> None:
    rows = csv_rows(FORMATS["csv"](spreadsheet_safe([HOSTILE])))
    for name, row in zip(HOSTILE_NAMES, rows, strict=True):
        assert row["name"] == utf8(f"'{name}" if name[:1] in {"=", "+", "-", "@", "\t", "\r"} else name)
    assert list(rows[0]) == ["name", "'=cmd|calc", "reached"]
    assert spreadsheet_safe([SHOP]) == (SHOP,)
    negative = one_column(-1.5, kind="number")
    assert spreadsheet_safe([negative]) == (negative,)


def test_a_funnel_named_like_a_formula_is_defused_in_its_column() -> None:
    rows = csv_rows(FORMATS["csv"](spreadsheet_safe([replace(SHOP, title="=1"), EMPTY])))
    assert {row["funnel"] for row in rows} == {"'=1", "Sales"}


def test_ndjson_reads_back_exactly() -> None:
    names = [name for name, _ in SHOP.fields]
    read = [json.loads(line) for line in FORMATS["ndjson"]([SHOP]).splitlines()]
    assert [list(row) for row in read] == [names] * len(SHOP.rows)
    times = [text(value) if isinstance(value, datetime) else value for row in SHOP.rows for value in row]
    assert [value for row in read for value in row.values()] == times


def test_several_funnels_share_a_header_and_say_which_they_are() -> None:
    other = replace(EMPTY, fields=(*EMPTY.fields, ("continued", "count")), rows=tuple((*row, 7) for row in EMPTY.rows))
    rows = csv_rows(FORMATS["csv"]([SHOP, other]))
    assert list(rows[0]) == ["funnel", *(name for name, _ in SHOP.fields), "continued"]
    assert [row["funnel"] for row in rows] == ["Online shop"] * 5 + ["Sales"] * 2
    assert [row["continued"] for row in rows] == [""] * 5 + ["7"] * 2


def test_a_field_of_two_kinds_is_a_bug() -> None:
    with pytest.raises(Bug):
        FORMATS["csv"]([one_column(1, kind="count"), one_column("a")])


# Parquet


def test_parquet_reads_back_exactly_with_types() -> None:
    frame = pl.read_parquet(io.BytesIO(FORMATS["parquet"]([SHOP])))
    assert frame.rows() == [
        tuple(float(value) if kind == "seconds" and isinstance(value, int) else value for (_, kind), value in pairs)
        for pairs in (zip(SHOP.fields, row, strict=True) for row in SHOP.rows)
    ]
    assert dict(frame.schema) == {
        "breakdown": pl.String(),
        "segment": pl.String(),
        "stage": pl.String(),
        "position": pl.Int64(),
        "optional": pl.Boolean(),
        "reached": pl.Int64(),
        "conversion_rate": pl.Float64(),
        "stage_rate": pl.Float64(),
        "dropped": pl.Int64(),
        "median_seconds": pl.Float64(),
        "first_reached_at": pl.Datetime("us", "UTC"),
    }


def test_parquet_is_read_by_others() -> None:
    read = pyarrow.parquet.read_table(io.BytesIO(FORMATS["parquet"]([HOSTILE])))
    assert read.column("name").to_pylist() == [utf8(name) for name in HOSTILE_NAMES]


def test_parquet_columns_of_nulls_and_of_no_rows_keep_their_types() -> None:
    for rows in ((), SHOP.rows[:0], tuple((None,) * len(SHOP.fields) for _ in range(2))):
        frame = pl.read_parquet(io.BytesIO(FORMATS["parquet"]([replace(SHOP, rows=rows)])))
        assert frame.schema["first_reached_at"] == pl.Datetime("us", "UTC")
        assert frame.schema["segment"] == pl.String()


# Markdown


def rendered(table: Table) -> list[str]:
    """The text of every cell and sentence as a reader of the rendered page sees it."""
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])

    def seen(token: Any) -> str:
        assert all(child.type in {"text", "code_inline", "text_special"} for child in token.children), token
        return "".join(child.content for child in token.children)

    return [seen(token) for token in markdown.parse(FORMATS["markdown"]([table]).decode()) if token.type == "inline"]


def test_markdown_shows_hostile_names_literally() -> None:
    seen = rendered(HOSTILE)
    assert seen[:2] == [printable(HOSTILE.title), printable(HOSTILE.summary[0])]
    assert seen[2:5] == ["name", "=cmd|calc", "reached"]
    cells = seen[5:-1]
    assert cells[::3] == [printable(name) if name.strip() else f'"{name}"' for name in HOSTILE_NAMES]
    assert seen[-1] == printable(HOSTILE.notes[0])


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("\\|`*_[]<>&~#!@:=+-.)1 "), min_size=1, max_size=20))
def test_markdown_shows_every_text_literally(name: str) -> None:
    shown = printable(name)
    cell, note = rendered(replace(one_column(name), title="t", summary=(), notes=(f"x{name}x", name)))[3:6:2]
    assert cell.strip() == (shown if name.strip() else f'"{shown}"').strip()
    assert note == f"x{shown}x"


def test_what_github_acts_on_is_code() -> None:
    data = FORMATS["markdown"]([one_column("ask @me", ":smile:", "https://a.b", "see #12", "www.a.b")]).decode()
    for name in ("ask @me", ":smile:", "https://a.b", "see #12", "www.a.b"):
        assert f"| `{name}` |" in data


@pytest.mark.parametrize(
    "note", ["- a", "+ a", "1. a", "12) a", "# a", "> a", "    a", "= a", "--- ", "***", "~~~", "| a"]
)
def test_a_sentence_never_begins_a_block(note: str) -> None:
    tokens = (
        MarkdownIt("commonmark").enable("table").parse(FORMATS["markdown"]([replace(SHOP, notes=(note,))]).decode())
    )
    last = [token.type for token in tokens[-5:]]
    assert last == ["paragraph_open", "inline", "paragraph_close", "list_item_close", "bullet_list_close"]


def test_every_suffix_names_a_format() -> None:
    assert set(SUFFIXES.values()) == {*FORMATS, "plain"}
    assert set(FORMATS) >= BINARY


def test_times_before_the_year_1000_and_in_other_zones_are_utc() -> None:
    values = (datetime(999, 1, 1, tzinfo=UTC), datetime.fromisoformat("2026-01-01T01:00:00+02:00"))
    data = FORMATS["csv"]([one_column(*values, kind="time")]).decode().splitlines()
    assert data[1:] == ["0999-01-01T00:00:00Z,0", "2025-12-31T23:00:00Z,0"]
