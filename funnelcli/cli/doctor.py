"""`funnelcli doctor`: what a bug report needs to say of this installation."""

from __future__ import annotations

import locale
import os
import platform
import re
import sys

from funnelcli import __version__
from funnelcli.cli.deliver import writer
from funnelcli.cli.load import check_surroundings
from funnelcli.cli.options import Output, command
from funnelcli.errors import DONE
from funnelcli.tables.table import Column, Section, Table


@command
def doctor(output: Output) -> int:
    """Versions, extras, encoding, threads, and the config found here."""
    write = writer(output)
    write([table(findings())])
    return DONE


def findings() -> dict[str, str | int | None]:
    """What there is to know, by name; None where something is not there."""
    from funnelcli.config import HERE

    found: dict[str, str | int | None] = {
        "funnelcli": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    for name, extra in _packages():
        found[name if extra is None else f"{name} ({extra})"] = _version(name)
    found["encoding"] = (getattr(sys.stdout, "encoding", None) or locale.getpreferredencoding(False)).lower()
    found["threads"] = _threads()
    found["config"] = os.fspath(HERE) if HERE.exists() else None
    return found


def table(found: dict[str, str | int | None]) -> Table:
    """The findings, ready for every format."""
    rows = tuple((name, value if value is None else str(value)) for name, value in found.items())
    return Table(
        title="funnelcli doctor",
        record={"format": 1, "findings": found},
        fields=(("finding", "text"), ("value", "text")),
        rows=rows,
        sections=(Section("", (Column("What", "text"), Column("Found", "text")), rows),),
    )


def _packages() -> list[tuple[str, str | None]]:
    """What funnelcli is built on: each package, and the extra that brings it (None for what is always needed)."""
    from importlib import metadata

    try:
        wanted = metadata.requires("funnelcli") or []
    except metadata.PackageNotFoundError:
        return []
    found = []
    for requirement in wanted:
        name = re.match(r"[\w.-]+", requirement)
        extra = re.search(r"extra == ['\"]([\w.-]+)", requirement)
        if name:
            found.append((name[0], extra[1] if extra else None))
    return found


def _version(name: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _threads() -> int:
    check_surroundings()
    import polars as pl

    return pl.thread_pool_size()
