"""Imports run one way: each room imports only the rooms that come before it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import funnelcli

PACKAGE = Path(funnelcli.__file__).parent
ROOMS = {
    "__init__": set(),
    "__main__": {"cli"},
    "errors": set(),
    "stats": set(),
    "config": {"errors"},
    "events": {"errors", "config"},
    "engine": {"errors", "config"},
    "reports": {"errors", "config", "engine", "stats"},
    "display": {"errors", "tables"},
    "tables": {"errors", "config", "reports", "display"},
    "render": {"errors", "display", "tables"},
    "export": {"errors", "display", "tables"},
    "cli": {
        "__init__", "errors", "config", "events", "engine", "stats", "reports", "tables", "display", "render", "export",
    },
}  # fmt: skip
LIGHT = ("errors", "config", "display", "cli", "__init__", "__main__")
"""Rooms that are imported by commands that must not wait for Polars."""


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(body: list[ast.stmt], *, everywhere: bool) -> Iterator[str]:
    """The modules that are imported when the file is, in full; with `everywhere`, inside functions too."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not everywhere:
            continue
        elif everywhere or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            yield from imports(inner, everywhere=everywhere)


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", files(), ids=name)
def test_a_room_imports_only_the_rooms_before_it(path):
    allowed = ROOMS[room(path)] | {room(path)}
    for module in imports(ast.parse(path.read_text()).body, everywhere=True):
        first, _, rest = module.partition(".")
        if first == "funnelcli":
            found = rest.partition(".")[0]
            assert (found if found in ROOMS else "__init__") in allowed, f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", [path for path in files() if room(path) in LIGHT], ids=name)
def test_polars_is_imported_only_inside_functions(path):
    heavy = {"polars", "funnelcli.events", "funnelcli.engine", "funnelcli.reports", "funnelcli.stats"}
    for module in imports(ast.parse(path.read_text()).body, everywhere=False):
        assert not any(module == one or module.startswith(f"{one}.") for one in heavy), f"{name(path)} imports {module}"
