"""Tables as bytes for machines and files, and the writing of them: one file per format, one function per file.

A format knows no files and no streams; `write` knows no formats. `plain` and `table`, the formats for people at a
terminal or a pipe, are in `funnelcli.render`.
"""

from collections.abc import Callable, Sequence

from funnelcli.export.csv import csv_bytes, spreadsheet_safe, tsv_bytes
from funnelcli.export.json import json_bytes
from funnelcli.export.markdown import markdown_bytes
from funnelcli.export.ndjson import ndjson_bytes
from funnelcli.export.parquet import parquet_bytes
from funnelcli.export.write import is_terminal, write
from funnelcli.tables.table import Table

__all__ = ["BINARY", "FORMATS", "SUFFIXES", "is_terminal", "spreadsheet_safe", "write"]

FORMATS: dict[str, Callable[[Sequence[Table]], bytes]] = {
    "csv": csv_bytes,
    "tsv": tsv_bytes,
    "json": json_bytes,
    "ndjson": ndjson_bytes,
    "markdown": markdown_bytes,
    "parquet": parquet_bytes,
}
"""The bytes of a report, by the name of the format."""

BINARY = frozenset({"parquet"})
"""The formats that no terminal can show."""

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".md": "markdown",
    ".markdown": "markdown",
    ".parquet": "parquet",
    ".txt": "plain",
}
"""The format that a file's name asks for."""
