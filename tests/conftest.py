"""What tests of several rooms share: the program, run in this process or as one of its own, and golden files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from funnelcli.cli.main import run

ROOT = Path(__file__).parent.parent

# The same examples on every run, however busy the machine: a check that says yes or no by chance is none.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")


@dataclass(frozen=True)
class Outcome:
    """What a run of the program leaves behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def cli(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Outcome]:
    """Runs a command line in this process: quick, without signals and closed descriptors."""

    def command(*arguments: object) -> Outcome:
        capfdbinary.readouterr()
        code = run([str(argument) for argument in arguments])
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Outcome(code, out.decode(), err.decode())

    return command


def program(
    *arguments: object, env: Mapping[str, str] | None = None, cwd: Path | None = None, stdin: bytes = b""
) -> Outcome:
    """Runs the program as a process of its own, as a shell would, with no terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "funnelcli", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(name="program")
def program_fixture() -> Callable[..., Outcome]:
    """Runs the program as a process of its own."""
    return program


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew; read the diff")


@pytest.fixture
def checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkout as the working directory, so that outputs name files as anybody's would."""
    monkeypatch.chdir(ROOT)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a whole output with the file of that name in tests/golden."""

    def check(name: str, output: str) -> None:
        assert str(ROOT) not in output, "a golden file knows no machine's paths"
        path = ROOT / "tests" / "golden" / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(output.encode())
        assert path.is_file(), f"no {path}; pytest --update-golden writes it"
        assert output == path.read_bytes().decode()

    return check
