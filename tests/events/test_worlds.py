"""First-time stages, sessions and every row's place in the account: load against the oracle, for every small world."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from funnelcli.config.frames import carried
from funnelcli.events import REASONS, Events, load
from tests import oracle
from tests.worlds import HOUR, World, config, funnel, table, taking_part, world, worlds

if TYPE_CHECKING:
    import polars as pl

CONDITIONAL = [
    {"name": "s1", "events": [{"event": "A", "where": {"channel": "x"}}, "B"], "first": "event"},
    {"name": "s2", "events": ["B", "C"], "where": {"device": "p"}, "first": "match"},
]
"""A first row by name that may match nothing, and one by name and conditions."""

FIRST: dict[str, dict[str, Any]] = {
    "event": {
        "stages": [{"name": "s1", "events": ["A"], "first": "event"}, {"name": "s2", "events": ["A", "B"]}],
    },
    "both": {"stages": CONDITIONAL},
    "a later stage": {"stages": [{"name": "s1", "events": ["A"]}, CONDITIONAL[0] | {"name": "s2"}]},
    "ties: row": {"stages": CONDITIONAL, "ties": "row"},
    "range: all": {"stages": CONDITIONAL, "range": "all", "since": HOUR, "until": 3 * HOUR},
    "as_of": {"stages": CONDITIONAL, "as_of": HOUR},
    "where": {"stages": CONDITIONAL, "where": {"device": {"ne": "p"}}},
    "exclude": {"stages": CONDITIONAL, "exclude": [{"events": ["A"], "where": {"device": "q"}}]},
    "order: strict": {"stages": CONDITIONAL, "order": "strict"},
    "session": {"stages": CONDITIONAL, "session": HOUR},
}  # fmt: skip
SESSION: dict[str, dict[str, Any]] = {
    "the limit": funnel("A, B", session="1h"),
    "below it": funnel("A, B", session="59m"),
    "ties: row": funnel("A, B", session="1h", ties="row"),
    "range: all": funnel("A, B", session="1h", range="all", since=HOUR, until=3 * HOUR),
    "as_of": funnel("A, B", session="1h", as_of=HOUR),
    "where": funnel("A, B", session="1h", where={"device": {"ne": "p"}}),
    "order: strict": funnel("A, B", session="1h", order="strict"),
    "exclude": funnel("A, B", session="1h", exclude=[{"events": ["B"], "where": {"channel": "x"}}]),
}
SMALL = worlds(3, ordered=True, instants=4) + worlds(4, instants=3)

Facts = dict[tuple[int, int], list[tuple[int, int]]]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All small worlds in one CSV file."""
    return logged(SMALL, tmp_path_factory.mktemp("worlds") / "small.csv")


def logged(packed: list[World], path: Path) -> Path:
    table(packed).write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%SZ")
    return path


def told(events: Events, session: object) -> Facts:
    """(world, session from 0) → its rows' times and bits, sorted."""
    assert events.units is not None
    whose = events.units.select("unit", carried("user"), *(["session"] if session else []))
    facts: Facts = {}
    for unit, time, bits in events.rows.select("unit", "time", "match").iter_rows():
        facts.setdefault(unit, []).append((time, bits))
    return {
        (int(user), number[0] - 1 if number else 0): sorted(facts.pop(unit))
        for unit, user, *number in whose.iter_rows()
    }


def expected(packed: list[World], asked: oracle.Funnel) -> Facts:
    facts: Facts = {}
    for number, rows in enumerate(packed):
        for row, session, bits in taking_part(rows, asked):
            facts.setdefault((number, session), []).append((row.time, bits))
    return {unit: sorted(rows) for unit, rows in facts.items()}


def account(packed: list[World], asked: oracle.Funnel) -> tuple[int, dict[str, int]]:
    """How many rows take part, and the others by reason, from the definition."""
    reasons = Counter(reason(row, asked) for rows in packed for row in rows)
    return reasons[None], {name: reasons[name] for name in REASONS if reasons[name]}


def reason(row: oracle.Row, asked: oracle.Funnel) -> str | None:
    places = [*asked["stages"], *asked.get("exclude", ())]
    everyone = asked.get("order") == "strict" or "session" in asked
    if not oracle.holds(row, asked.get("where", {})) or not (everyone or any(oracle.completes(row, p) for p in places)):
        return "other_event"
    if row.time > asked.get("as_of", row.time):
        return "after_as_of"
    return None if oracle.takes_part(row, asked) else "out_of_range"


ASKED = [pytest.param(asked, id=f"first, {name}") for name, asked in FIRST.items()]
ASKED += [pytest.param(asked, id=f"session, {name}") for name, asked in SESSION.items()]


@pytest.mark.parametrize("asked", ASKED)
def test_every_small_world_has_the_rows_sessions_and_account_of_the_oracle(small: Path, asked: oracle.Funnel) -> None:
    events = load(config(asked, logs=(str(small),)), units=True)
    assert told(events, asked.get("session")) == expected(SMALL, asked)
    assert (events.account.rows_used, events.account.skipped) == account(SMALL, asked)
    assert (
        events.account.rows_read
        == sum(map(len, SMALL))
        == events.account.rows_used + sum(events.account.skipped.values())
    )


@pytest.mark.parametrize("asked", ASKED)
def test_everything_changes_neither_bits_nor_account_and_only_neither_for_its_units(
    small: Path, asked: oracle.Funnel
) -> None:
    made = config(asked, logs=(str(small),))
    plain = load(made, units=True)
    whole = load(made, units=True, everything=True)
    users = [str(number) for number in random.Random(1).sample(range(len(SMALL)), 50)]
    some = load(made, units=True, only=tuple((user,) for user in users))
    every = load(made, units=True, everything=True, only=tuple((user,) for user in users))
    for events in (whole, some, every):
        assert (events.account, events.end, events.notes) == (plain.account, plain.end, plain.notes)
    facts = told(plain, asked.get("session"))
    assert matching(told(whole, asked.get("session"))) == matching(facts)
    chosen = {unit: rows for unit, rows in facts.items() if str(unit[0]) in users}
    assert told(some, asked.get("session")) == chosen
    assert matching(told(every, asked.get("session"))) == matching(chosen)
    assert every.others is not None
    assert every.rows.height + every.others.height == sum(len(SMALL[int(user)]) for user in users)


def matching(facts: Facts) -> Facts:
    """The rows that match something."""
    found = {unit: [row for row in rows if row[1]] for unit, rows in facts.items()}
    return {unit: rows for unit, rows in found.items() if rows}


@pytest.mark.parametrize("asked", [FIRST["ties: row"], FIRST["session"], SESSION["order: strict"]])
def test_rows_shuffled_over_files_and_other_thread_counts_change_nothing(tmp_path: Path, asked: dict[str, Any]) -> None:
    rows = table(SMALL)
    shuffled = rows.sample(fraction=1, shuffle=True, seed=3)
    if asked.get("ties") == "row":
        shuffled = rows
    logs = []
    for number in range(3):
        part = shuffled.slice(number * rows.height // 3, (number + 1) * rows.height // 3 - number * rows.height // 3)
        logs.append(tmp_path / f"{number}.{'parquet' if number else 'csv'}")
        written(part, logs[-1])
    made = config(asked, logs=tuple(map(str, logs)))
    facts = told(load(made, units=True), asked.get("session"))
    assert facts == expected(SMALL, asked)
    code = (
        "import sys; from funnelcli.config.funnel import Funnel; from funnelcli.events import load;"
        "from tests.events.test_worlds import told; import json;"
        "made = Funnel.model_validate_json(sys.argv[1]);"
        "print(json.dumps(sorted(map(list, told(load(made, units=True), made.session).items()))))"
    )
    for threads in ("1", "4"):
        said = subprocess.run(
            [sys.executable, "-c", code, made.model_dump_json()],
            capture_output=True,
            check=True,
            env={"PYTHONPATH": str(Path(__file__).parents[2]), "POLARS_MAX_THREADS": threads},
        ).stdout
        assert json.loads(said) == json.loads(json.dumps(sorted(map(list, facts.items()))))


def written(part: pl.DataFrame, path: Path) -> None:
    if path.suffix == ".csv":
        part.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%SZ")
    else:
        part.write_parquet(path)


def test_of_several_rows_at_the_first_instant_any_matches_and_with_ties_row_the_first_of_the_input(
    tmp_path: Path,
) -> None:
    moments = [(0, "A"), (0, "A"), (1, "A")]
    path = logged([world(moments, [{"channel": None, "device": None}] * 3)], tmp_path / "a.csv")
    stages = [{"name": "s1", "events": ["A"], "first": "match"}, {"name": "s2", "events": ["Z"]}]
    assert load(config({"stages": stages}, logs=(str(path),))).rows.height == 2
    assert load(config({"stages": stages, "ties": "row"}, logs=(str(path),))).rows.height == 1
