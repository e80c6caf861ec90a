"""Configs written in the line that uses them: YAML text in, what the reader made of it out."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from funnelcli.config import Funnel, Loaded, Options, load, problems

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOP = "funnel: Shop\nstages: [{Visit: page_view}, {Paid: purchase}]\n"
"""The shortest config there is; tests put more keys below it."""


def written(text: str | bytes) -> Path:
    """A file of its own that holds the text."""
    with tempfile.NamedTemporaryFile(suffix=".yaml", delete=False) as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return Path(file.name)


def loaded(text: str, **options: object) -> Loaded:
    path = written(text)
    try:
        return load(path, options=Options(**options), now=NOW)  # type: ignore[arg-type]
    finally:
        path.unlink()


def funnel(text: str, **options: object) -> Funnel:
    (only,) = loaded(text, **options).funnels
    return only


def told(text: str | bytes) -> list[str]:
    """The complaints, without the name of the file."""
    path = written(text)
    try:
        return [str(problem).removeprefix(f"{path}:") for problem in problems(path, now=NOW)[1]]
    finally:
        path.unlink()
