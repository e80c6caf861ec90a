"""Every block of the README is run: sessions print what it shows, YAML is valid, the two bash commands are `.ci/run`'s.

`python tests/test_readme.py` writes what the sessions print into the README.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from funnelcli.config import problems

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHELL = 'funnelcli() {{ "{python}" -m funnelcli "$@"; }}\n{commands}'


def blocks(kind: str) -> list[str]:
    return [found[2] for found in _BLOCK.finditer(README.read_text()) if found[1] == kind]


def commands(session: str) -> Iterator[tuple[str, str]]:
    """The commands of a session, each with the output below it; a line `> …` goes on with a command."""
    parts = re.split(r"^\$ (.*(?:\n> .*)*)\n", session, flags=re.MULTILINE)
    assert parts[0] == "", "a session begins with a command"
    yield from zip(parts[1::2], parts[2::2], strict=True)


def printed(session: str, folder: Path) -> list[str]:
    """What each command of a session prints on both streams, run in one shell after another, with $? of the last."""
    outputs, code = [], 0
    for command, _ in commands(session):
        line = command.replace("\n> ", "\n")
        script = _SHELL.format(python=sys.executable, commands=f"(exit {code})\n{line}")
        done = subprocess.run(
            ["bash", "-c", script], cwd=folder, text=True, check=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        outputs.append(done.stdout)
        code = done.returncode
    return outputs


def workplace(folder: Path) -> Path:
    """A folder with what a checkout has for a newcomer to try."""
    for name in ("configs", "sample_data"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


@pytest.mark.parametrize("session", blocks("console"), ids=lambda session: session.splitlines()[0][2:42])
def test_a_session_prints_what_the_readme_shows(session, tmp_path):
    for (command, shown), output in zip(commands(session), printed(session, workplace(tmp_path)), strict=True):
        assert output == shown, f"$ {command}"


@pytest.mark.parametrize("text", blocks("yaml"), ids=lambda text: text.splitlines()[0])
def test_yaml_of_the_readme_is_valid(text, tmp_path):
    config = workplace(tmp_path) / "funnel.yaml"
    config.write_text(text)
    assert problems(config)[1] == []


def test_every_command_has_a_section_and_a_session():
    from funnelcli.cli.main import COMMANDS

    text = README.read_text()
    for command in COMMANDS:
        assert f"\n### {command}: " in text
        assert f"\n$ funnelcli {command}" in text


def test_the_bash_blocks_are_the_two_commands_that_ci_runs():
    first, second = blocks("bash")
    assert first.count("\n") == second.count("\n") == 1
    assert "funnelcli report" in first
    assert "pytest" in second


def rewritten(text: str, folder: Path) -> str:
    """The README with the output of every session as it is now."""

    def block(found: re.Match[str]) -> str:
        if found[1] != "console":
            return found[0]
        lines = [
            f"$ {command}\n{output}"
            for (command, _), output in zip(commands(found[2]), printed(found[2], folder), strict=True)
        ]
        return f"```console\n{''.join(lines)}```"

    return _BLOCK.sub(block, text)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        README.write_text(rewritten(README.read_text(), workplace(Path(name))))
