"""Every message about a config, beside the file that provokes it: `tests/mistakes/config/NAME.yaml` and `NAME.txt`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from funnelcli.config import Options, load, problems
from funnelcli.errors import ConfigError

FOLDER = Path(__file__).parent.parent / "mistakes" / "config"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


@pytest.fixture(autouse=True)
def in_the_folder_of_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)


def test_every_file_has_its_message_and_every_message_its_file() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_is_told_in_these_words(name: str) -> None:
    _, found, _ = problems(Path(f"{name}.yaml"), now=NOW)
    told = "".join(f"{problem}\n" for problem in found)
    assert told == Path(f"{name}.txt").read_text(encoding="utf-8")
    assert told.isprintable() or told.count("\n") == len(found), "a message is one line"


@pytest.mark.parametrize("name", NAMES)
def test_a_run_stops_at_a_mistake_and_tells_the_first(name: str) -> None:
    first, *more = Path(f"{name}.txt").read_text(encoding="utf-8").splitlines()
    with pytest.raises(ConfigError) as raised:
        load(Path(f"{name}.yaml"), options=Options(), now=NOW)
    assert str(raised.value) == first + (f" (and {len(more)} more; run funnelcli validate)" if more else "")
    assert [str(problem) for problem in raised.value.problems] == [first, *more]
