"""Every message about a log, beside the log that provokes it: `tests/mistakes/data/NAME.*` and `NAME.txt`."""

from __future__ import annotations

from pathlib import Path

import pytest

from funnelcli.config.funnel import Columns
from funnelcli.errors import DataError
from funnelcli.events import load
from tests.events.building import funnel

FOLDER = Path(__file__).parent.parent / "mistakes" / "data"
LOGS = sorted(path.name for path in FOLDER.iterdir() if path.suffix != ".txt")
COLUMNS = {
    "times_not_of_the_format": Columns(time_format="%d/%m/%Y"),
    "times_not_of_the_unit": Columns(time_unit="ms"),
}
NOTES = ("event_never_occurs", "header_only", "some_rows_damaged")
"""Logs that can be read, with a note."""


def name(log: str) -> str:
    return log.partition(".")[0]


@pytest.fixture(autouse=True)
def in_the_folder_of_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)


def told(log: str) -> str:
    """What is said about the log, one line per sentence."""
    try:
        events = load(funnel(log, columns=COLUMNS.get(name(log), Columns())))
    except DataError as error:
        return f"{error}\n"
    return "".join(f"{note}\n" for note in events.notes)


def test_every_log_has_its_message_and_every_message_its_log() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == sorted(map(name, LOGS))


@pytest.mark.parametrize("log", LOGS)
def test_a_mistake_is_told_in_these_words(log: str, capfd: pytest.CaptureFixture[str]) -> None:
    said = told(log)
    assert said == Path(f"{name(log)}.txt").read_text(encoding="utf-8")
    assert all(line.isprintable() for line in said.splitlines())
    assert capfd.readouterr() == ("", ""), "what the engine prints stays inside"
