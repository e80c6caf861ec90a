"""What is read is never written over, whatever name `--output` gives it; and no terminal gets bytes."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from funnelcli.export.write import is_terminal

ROOT = Path(__file__).parents[2]
LOG = "is one of the logs that are read; name another file"
CONFIG = "is the config that is read; name another file"
BYTES = "--format: parquet is no text for a terminal; write it to a file with --output FILE"


@pytest.fixture(autouse=True)
def inside(shop, monkeypatch):
    monkeypatch.chdir(shop)
    (shop / "soft.csv").symlink_to("log.csv")
    (shop / "hard.csv").hardlink_to("log.csv")
    (shop / "folder").mkdir()
    (shop / "folder" / "part.csv").hardlink_to("log.csv")
    (shop / "config.csv").symlink_to("funnel.yaml")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("target", ["log.csv", "./log.csv", "soft.csv", "hard.csv", "folder/../log.csv"])
@pytest.mark.parametrize("logs", ["log.csv", "l*.csv", "folder"])
def test_a_log_is_not_written_over_by_any_of_its_names(cli, shop, target, logs):
    before = contents(shop)
    outcome = cli("report", "funnel.yaml", logs, "-o", target)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"funnelcli: error: --output: {target} {LOG}\n")
    assert contents(shop) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("report funnel.yaml -o log.csv", f"log.csv {LOG}"),
        ("report --logs log.csv --stage V=view --stage B=buy -o log.csv", f"log.csv {LOG}"),
        ("report funnel.yaml --get entered -o log.csv", f"log.csv {LOG}"),
        ("users funnel.yaml -o log.csv", f"log.csv {LOG}"),
        ("explain funnel.yaml --id ann -o log.csv", f"log.csv {LOG}"),
        ("paths funnel.yaml --between Visit Cart -o log.csv", f"log.csv {LOG}"),
        ("validate funnel.yaml --data -o log.csv", f"log.csv {LOG}"),
        ("inspect log.csv -o log.csv", f"log.csv {LOG}"),
        ("init log.csv --force -o log.csv", f"log.csv {LOG}"),
        ("report funnel.yaml -o config.csv", f"config.csv {CONFIG}"),
        ("report funnel.yaml -f csv -o funnel.yaml", f"funnel.yaml {CONFIG}"),
        ("validate funnel.yaml -f json -o funnel.yaml", f"funnel.yaml {CONFIG}"),
    ],
)
def test_no_command_writes_over_what_it_reads(cli, shop, arguments, message):
    before = contents(shop)
    outcome = cli(*arguments.split())
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"funnelcli: error: --output: {message}\n")
    assert contents(shop) == before


def test_a_log_on_standard_input_is_not_written_over(shop):
    with (shop / "log.csv").open("rb") as log:
        done = subprocess.run(
            [sys.executable, "-m", "funnelcli", "report", "funnel.yaml", "-", "-o", "hard.csv"],
            stdin=log, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, f"funnelcli: error: --output: hard.csv {LOG}\n")


def test_another_file_of_the_folder_is_written(cli, shop):
    assert cli("report", "funnel.yaml", "l*.csv", "-o", "report.csv").code == 0
    assert cli("report", "funnel.yaml", "l*.csv", "-o", "report.csv").code == 0
    assert cli("report", "funnel.yaml", "/dev/null", "-f", "csv", "-o", "/dev/null").code == 3


def test_a_terminal_is_known_by_its_path_and_its_descriptor():
    master, slave = pty.openpty()
    try:
        assert is_terminal(os.ttyname(slave))
        assert is_terminal(f"/dev/fd/{slave}")
        assert not is_terminal("/dev/null")
        assert not is_terminal("nowhere/at/all")
    finally:
        os.close(slave)
        os.close(master)


@pytest.mark.parametrize("option", ["-f parquet -o {terminal}", "-f parquet -o /dev/fd/{descriptor}"])
def test_a_terminal_gets_no_bytes(cli, option):
    master, slave = pty.openpty()
    try:
        to = option.format(terminal=os.ttyname(slave), descriptor=slave).split()
        outcome = cli("report", "funnel.yaml", *to)
    finally:
        os.close(slave)
        os.close(master)
    assert (outcome.code, outcome.err) == (2, f"funnelcli: error: {BYTES}\n")
