from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from funnelcli.errors import DataError, UsageError
from funnelcli.events import load
from funnelcli.events.files import sources, unchanged
from tests.events.building import HEADER, LOG, facts, funnel, parquet, rows, us, written

if TYPE_CHECKING:
    from collections.abc import Callable


def users(*logs: object, **more: object) -> list[str]:
    """The users whose rows take part, in the order of the rows in the log."""
    events = load(funnel(*logs, ties="row", **more), columns=("user",))
    return events.rows.sort("row")["@user"].to_list()


def one(path: Path, user: str) -> Path:
    return written(path, [(user, "visit", "2026-01-01")])


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_files_are_read_in_the_order_they_are_listed_and_rows_as_written() -> None:
    one(Path("b.csv"), "bob"), one(Path("a.csv"), "ann")
    assert users("b.csv", "a.csv") == ["bob", "ann"]


def test_a_glob_gives_its_matches_by_name_without_hidden_files_and_markers() -> None:
    for name in ("b.csv", "a.csv", ".hidden.csv", "_SUCCESS.csv"):
        one(Path(name), name)
    assert users("*.csv") == ["a.csv", "b.csv"]


def test_a_glob_may_cross_folders_and_match_them() -> None:
    one(Path("x/deep/a.csv"), "ann"), one(Path("x/b.csv"), "bob")
    assert users("**/*.csv") == ["bob", "ann"]
    assert users("?") == ["bob", "ann"]


def test_a_name_with_brackets_that_exists_is_no_pattern() -> None:
    one(Path("log[1].csv"), "ann"), one(Path("log1.csv"), "bob")
    assert users("log[1].csv") == ["ann"]


def test_a_folder_gives_the_logs_in_it_and_in_its_folders() -> None:
    one(Path("logs/2/a.csv"), "ann"), one(Path("logs/1.tsv"), "bob"), one(Path("logs/3.txt"), "cid")
    Path("logs/4.csv.gz").write_bytes(gzip.compress(one(Path("d"), "dan").read_bytes()))
    parquet(Path("logs/5.parquet"), [("eve", "visit", "2026-01-01")])
    for left_out in ("logs/.hidden/a.csv", "logs/_temporary/a.csv", "logs/_SUCCESS", "logs/readme.md", "logs/.b.csv"):
        one(Path(left_out), "nobody")
    assert users("logs") == ["bob", "ann", "cid", "dan", "eve"]


def test_folders_that_name_a_value_are_columns_of_csv_and_parquet() -> None:
    table = [("ann", "visit", "2026-01-01")]
    written(Path("day=1/country=S%20E/a.csv"), table)
    parquet(Path("day=2/country=__HIVE_DEFAULT_PARTITION__/a.parquet"), table)
    events = load(funnel("day=*", breakdowns=(("country", "day"),)))
    assert sorted(events.rows.select("@day", "@country").rows()) == [("1", "S E"), ("2", None)]


def test_a_column_of_the_file_goes_before_the_folder_of_that_name() -> None:
    written(Path("event=wrong/a.csv"), [("ann", "visit", "2026-01-01")])
    assert users("event=wrong") == ["ann"]


def test_the_unit_the_event_and_the_time_may_be_folders() -> None:
    written(Path("user=ann/event=visit/timestamp=2026-01-31/a.csv"), [("x",)], header=("other",))
    events = load(funnel("user=ann", breakdowns=(("user",),)))
    assert events.rows.drop("unit").rows() == [(us("2026-01-31"), 1, "ann")]


def test_a_file_listed_twice_is_read_once_with_a_note() -> None:
    one(Path("a.csv"), "ann")
    Path("link.csv").symlink_to("a.csv")
    events = load(funnel("a.csv", "*.csv"))
    assert events.account.rows_read == 1
    assert events.notes[0] == "a.csv is listed 3 times; it was read once"


def test_csv_and_parquet_in_one_log_work_together() -> None:
    first, last = rows()[:2], rows()[2:]
    written(Path("1.csv"), first), parquet(Path("2.parquet"), last), written(Path("all.csv"), rows())
    mixed, whole = (load(funnel(*logs, breakdowns=(("user",),))) for logs in (("1.csv", "2.parquet"), ("all.csv",)))
    assert facts(mixed.rows) == facts(whole.rows)
    assert mixed.account == whole.account


def test_the_same_unit_is_text_in_one_file_and_a_number_in_another() -> None:
    parquet(Path("1.parquet"), [("7", "visit", "2026-01-01")], user=pl.Int16())
    parquet(Path("2.parquet"), [("7", "visit", "2026-01-01")], user=pl.UInt64())
    written(Path("3.csv"), [("7", "visit", "2026-01-01"), ("007", "visit", "2026-01-01")])
    assert load(funnel("1.parquet", "2.parquet")).rows["unit"].n_unique() == 1
    assert load(funnel("1.parquet", "2.parquet", "3.csv")).rows["unit"].n_unique() == 2


def test_columns_may_stand_in_another_order_in_every_file() -> None:
    written(Path("1.csv"), [("ann", "visit", "2026-01-01")])
    written(Path("2.csv"), [("2026-01-02", "x", "visit", "bob")], ("timestamp", "extra", "event", "user"), ";")
    assert users("1.csv", "2.csv") == ["ann", "bob"]


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet"])
def test_standard_input_is_read_like_a_file(kind: str) -> None:
    path = parquet(Path("a"), rows()) if kind == "parquet" else written(Path("a"), rows())
    data = gzip.compress(path.read_bytes()) if kind == "csv.gz" else path.read_bytes()
    code = (
        "from tests.events.building import funnel; from funnelcli.events import load;"
        "print(load(funnel('-')).account.rows_used)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], input=data, capture_output=True, check=False, env={"PYTHONPATH": str(root)}
    )
    assert (done.stdout, done.stderr) == (b"3\n", b"")


def test_a_named_pipe_is_read_like_a_file() -> None:
    os.mkfifo("pipe")
    written(Path("a.csv"), rows())
    with subprocess.Popen(["/bin/sh", "-c", "cat a.csv > pipe"]):
        assert load(funnel("pipe")).account.rows_used == 3


def test_what_is_in_a_file_is_told_by_its_first_bytes_and_not_by_its_name() -> None:
    parquet(Path("a.csv"), [("ann", "visit", "2026-01-01")]), one(Path("b.parquet"), "bob")
    Path("c.txt").write_bytes(gzip.compress(one(Path("c"), "cid").read_bytes()))
    frame = pl.DataFrame([("dan", "visit", "2026-01-01")], schema=HEADER, orient="row")
    frame.write_csv("d.parquet", compression="zstd", check_extension=False)
    assert users("a.csv", "b.parquet", "c.txt", "d.parquet") == ["ann", "bob", "cid", "dan"]


def test_gzip_of_several_members_is_read_whole() -> None:
    table = written(Path("a.csv"), rows()).read_bytes()
    Path("a.csv.gz").write_bytes(gzip.compress(table[:30]) + gzip.compress(table[30:]))
    assert load(funnel("a.csv.gz")).account.rows_read == len(rows())


@pytest.mark.parametrize(
    ("make", "log", "message"),
    [
        (None, "nope.csv", "nope.csv: no such file"),
        (None, "nope*.csv", "nope*.csv: no file matches this pattern"),
        (None, "s3://shop/a.csv", "s3://shop/a.csv: only files on this machine can be read; fetch it first"),
        (None, "a\x1b31m\n.csv", "a�31m�.csv: no such file"),
        (
            lambda: Path("empty").mkdir(),
            "empty",
            "empty: no logs in this folder; it needs .csv, .tsv, .txt (also .gz or .zst) or .parquet files",
        ),
        (
            lambda: Path("delta/_delta_log").mkdir(parents=True),
            "delta",
            "delta: a Delta table, whose folder also holds deleted rows; export it to Parquet first",
        ),
    ],
)
def test_a_log_that_is_not_there_is_told_by_name(make: Callable[[], None] | None, log: str, message: str) -> None:
    if make:
        make()
    with pytest.raises(DataError) as raised:
        load(funnel(log))
    assert str(raised.value) == message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told_by_name() -> None:
    one(Path("a.csv"), "ann").chmod(0)
    with pytest.raises(DataError, match=r"a\.csv: cannot be read \(permission denied\)"):
        load(funnel("a.csv"))


def test_no_log_at_all_says_where_to_name_one() -> None:
    with pytest.raises(UsageError, match="no log is given; name one after the config, or set logs in it"):
        load(funnel())


def test_a_name_that_is_not_utf_8_is_read() -> None:
    one(Path("a.csv"), "ann").rename(os.fsdecode(b"\xff.csv"))
    assert load(funnel("*.csv")).account.rows_read == 1


def test_a_file_that_is_replaced_while_it_is_read_is_read_as_it_was() -> None:
    one(Path("a.csv"), "ann")
    with ExitStack() as stack:
        files, _ = sources(["a.csv"], stack)
        one(Path("new"), "bob").replace("a.csv")
        unchanged(files)
        assert b"ann" in files[0].file.read()


def test_a_file_that_is_written_to_while_it_is_read_is_an_error() -> None:
    one(Path("a.csv"), "ann")
    with ExitStack() as stack:
        files, _ = sources(["a.csv"], stack)
        with Path("a.csv").open("a") as more:
            more.write("bob,visit,2026-01-01\n")
        with pytest.raises(DataError, match=r"a\.csv: changed while it was read; run again when nothing writes to it"):
            unchanged(files)


def test_every_broken_parquet_file_is_one_line_that_names_it(capfd: pytest.CaptureFixture[str]) -> None:
    whole = io.BytesIO()
    pl.DataFrame(rows(LOG) * 50, schema=HEADER, orient="row").write_parquet(whole)
    data = whole.getvalue()
    said: list[str] = []
    for place in range(0, len(data), max(1, len(data) // 150)):
        broken = bytearray(data)
        broken[place : place + 4] = b"\xff\x7f\x80\x00"
        Path("broken.parquet").write_bytes(broken)
        said += refused("broken.parquet")
    assert len(said) > 50
    assert all(line.startswith("broken.parquet: ") and line.isprintable() for line in said)
    assert capfd.readouterr() == ("", "")


def refused(log: str) -> list[str]:
    """What is said about a log that cannot be read; nothing about one that can."""
    try:
        load(funnel(log))
    except DataError as error:
        return [str(error)]
    return []
