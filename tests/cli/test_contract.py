"""The shell contract, by processes of their own: streams, exit codes, signals, odd surroundings."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from funnelcli.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
PROGRAM = f"{shlex.quote(sys.executable)} -m funnelcli"
DELETED = "the working folder was deleted; change to another one, or write the whole path"
NOTE = "funnelcli: note: no config given; using funnel.yaml\n"


def shell(command: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a line of bash in which `funnelcli` is the program."""
    return subprocess.run(
        ["bash", "-c", f'set -o pipefail; funnelcli() {{ {PROGRAM} "$@"; }}; {command}'],
        cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | (env or {}),
    )  # fmt: skip


def test_a_report_leaves_standard_error_empty(shop, program):
    outcome = program("report", shop / "funnel.yaml")
    assert outcome.code == 0
    assert outcome.out.startswith("Shop\n")
    assert outcome.err == ""


def test_a_note_says_that_the_config_of_the_folder_is_used(shop, program):
    outcome = program("report", cwd=shop)
    assert (outcome.code, outcome.err) == (0, NOTE)
    assert program("report", "-q", cwd=shop).err == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "no command; write for example 'funnelcli report', or see funnelcli --help"),
        (["reprot"], 2, "no such command 'reprot'; did you mean 'report'?"),
        (["report", "--windw", "3d"], 2, "no such option: --windw; did you mean --window?"),
        (["report", "funnel.yaml", "--window", "3 days"], 2, None),
        (["report", "funnel.yaml", "-f", "jsn"], 2, "--format: no 'jsn'; did you mean json?"),
        (["report", "missing.yaml"], 2, None),
        (["report", "funnel.yaml", "missing.csv"], 3, None),
        (["report", "--stage", "A=a", "--stage", "B=b"], 2,
         "no log is given; name one after the config, or set logs in it"),
        (["report", "funnel.yaml", "-o", "missing/report.csv"], 4, None),
        (["report", "funnel.yaml", "-o", "report.pdf"], 2, None),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_code_and_standard_output_is_empty(shop, program, arguments, code, message):
    outcome = program(*arguments, cwd=shop)
    assert outcome.code == code, outcome.err
    assert outcome.out == ""
    assert outcome.err.startswith("funnelcli: error: ")
    assert outcome.err.count("\n") == 1
    if message is not None:
        assert outcome.err == f"funnelcli: error: {message}\n"


def test_control_characters_in_a_message_are_made_visible(shop, program):
    outcome = program("report", "a\x1b[31m\nb.yaml", cwd=shop)
    assert outcome.code == 2
    assert "a\\x1b[31m\\nb.yaml" in outcome.err
    assert outcome.err.count("\n") == 1


BROKEN = "from funnelcli.cli import doctor, main; doctor.doctor = broken; main.main()"


@pytest.mark.parametrize(
    ("raised", "code", "start"),
    [
        ("ValueError('x\\ny')", 70, "funnelcli: error: a bug in funnelcli 0.1.0: ValueError: x; please report it"),
        ("BaseException('panic')", 70, "funnelcli: error: a bug in funnelcli 0.1.0: BaseException: panic; please"),
        ("MemoryError()", 3, "funnelcli: error: not enough memory for these logs; read fewer files"),
    ],
)
def test_a_fault_of_ours_is_one_line_that_asks_to_report_it(tmp_path, raised, code, start):
    script = f"def broken() -> int:\n    raise {raised}\n{BROKEN}"
    for verbose, lines in [([], 1), (["--verbose"], 2)]:
        if verbose:
            script = script.replace("broken()", "broken(verbose: bool = False)")
        done = subprocess.run(
            [sys.executable, "-c", script, "doctor", *verbose],
            capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=tmp_path,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (code, "")
        said = done.stderr.splitlines()
        assert said[-1].startswith(start)
        if code == 70:
            assert ("Traceback" in done.stderr) == bool(verbose)
            assert len(said) == 1 or lines == 2


@pytest.mark.parametrize("arguments", ["--help", "--version", "report --help", "schema", "validate funnel.yaml"])
def test_polars_is_not_imported_for(shop, arguments):
    script = "import sys; from funnelcli.cli.main import run; run(sys.argv[1:]); sys.exit('polars' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments.split()],
        cwd=shop, capture_output=True, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert done.stderr == b""


@pytest.mark.parametrize("form", ["plain", "table", "csv", "tsv", "json", "ndjson", "markdown", "parquet"])
def test_a_file_and_a_pipe_get_the_same_bytes(shop, form):
    done = shell(
        f"funnelcli report funnel.yaml -f {form} > piped && funnelcli report funnel.yaml -f {form} -o written", shop
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    assert (shop / "piped").read_bytes() == (shop / "written").read_bytes() != b""


def test_a_closed_pipe_ends_the_program_in_silence(shop):
    done = shell("funnelcli schema | true", shop)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_program_with_its_code(shop, number, code):
    process = subprocess.Popen(
        [sys.executable, "-m", "funnelcli", "report", "funnel.yaml", "-", "-o", "report.json"],
        cwd=shop, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - not ignored, as in a shell
    )  # fmt: skip
    with process:
        assert process.stdin is not None
        process.stdin.write(b"user,event,timestamp\n" * 5000)
        process.stdin.flush()
        time.sleep(0.2)  # it reads: what was written does not fit into a pipe
        process.send_signal(number)
        assert process.wait(timeout=10) == code
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert sorted(path.name for path in shop.iterdir()) == ["funnel.yaml", "log.csv"]


def test_standard_output_that_is_closed_is_an_error(shop):
    done = shell("funnelcli report funnel.yaml >&-", shop)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "funnelcli: error: standard output is closed; write to a file with --output FILE\n"


def test_standard_output_that_is_closed_does_no_harm_to_a_file(shop):
    done = shell("funnelcli report funnel.yaml -o report.csv >&- 2>&- <&-", shop)
    assert done.returncode == 0
    assert (shop / "report.csv").read_text().startswith("stage,")


def test_a_full_disk_is_an_error(shop):
    done = shell("funnelcli report funnel.yaml > /dev/full", shop)
    assert done.returncode == 4
    assert done.stderr.startswith("funnelcli: error: standard output: ")


@pytest.mark.parametrize("arguments", ["--version", "report -V", "--help", "report --help", "schema"])
def test_what_cannot_be_written_to_standard_output_is_an_error_whatever_it_is(shop, arguments):
    full, closed = shell(f"funnelcli {arguments} > /dev/full", shop), shell(f"funnelcli {arguments} >&-", shop)
    assert (full.returncode, closed.returncode) == (4, 4)
    assert full.stderr == "funnelcli: error: standard output: the disk is full; make room or write elsewhere\n"
    assert closed.stderr == "funnelcli: error: standard output: it is closed; write to a file\n"


def test_a_standard_error_that_is_closed_is_let_be(shop):
    assert shell("funnelcli report missing.yaml 2>&-", shop).returncode == 2
    assert shell("funnelcli report missing.yaml 2>/dev/full", shop).returncode == 2


def test_a_folder_that_was_deleted_is_no_fault(shop):
    done = shell(f"mkdir gone && cd gone && rmdir ../gone && funnelcli report {shop}/funnel.yaml -f json", shop)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["entered"] == 3
    done = shell("mkdir gone && cd gone && rmdir ../gone && funnelcli report", shop)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    done = shell(f"mkdir gone && cd gone && rmdir ../gone && funnelcli report {shop}/funnel.yaml -o x.csv", shop)
    assert (done.returncode, done.stderr) == (4, f"funnelcli: error: x.csv: {DELETED}\n")


def test_an_empty_environment_is_enough(shop):
    done = subprocess.run(
        ["env", "-i", f"PYTHONPATH={ROOT}", sys.executable, "-m", "funnelcli", "report", "funnel.yaml"],
        cwd=shop, capture_output=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")


def test_polars_without_threads_is_a_mistake_of_the_surroundings(shop, program):
    outcome = program("report", "funnel.yaml", cwd=shop, env={"POLARS_MAX_THREADS": "0"})
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "funnelcli: error: POLARS_MAX_THREADS is 0; set it to 1 or more, or unset it\n"


def test_the_help_tells_every_command_in_full(program):
    told = program("--help").out
    assert told.count("...") == 1  # in the usage line
    assert all(f"\n  {name} " in told for name in COMMANDS)
