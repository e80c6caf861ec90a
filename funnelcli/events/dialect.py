"""How a text file is written: its separator and the columns that its header names."""

from __future__ import annotations

import csv
import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from funnelcli.errors import DataError
from funnelcli.events.messages import FAILURES, quiet, shown, unreadable

if TYPE_CHECKING:
    from funnelcli.events.files import Source

SEPARATORS = ",;\t|"
_PEEK = 1 << 16
BOM = "\ufeff"


@dataclass(frozen=True)
class Dialect:
    """The separator, the columns in the order of the file, and the header's line as it is written."""

    separator: str
    columns: tuple[str, ...]
    header: str


def dialect(source: Source) -> Dialect:
    """How the file is written. The header is the first line that is not blank; the separator is the one of
    `, ; tab |` that parts it most often.

    Raises: DataError when there is no header, or one that cannot be read.
    """
    header = next((line for line in _first_lines(source) if line.strip()), None)
    name = shown(source.name)
    if header is None:
        raise DataError(f"{name}: the file is empty")
    if "\r" in header:
        raise DataError(f"{name}: its lines end in CR alone; convert them first, for example with tr '\\r' '\\n'")
    if "\0" in header:
        raise DataError(f"{name}: not text (perhaps UTF-16 or a binary file); convert it to CSV UTF-8 first")
    if header.count('"') % 2:
        raise DataError(f"{name}: its header has a quote that is not closed on its line; write the names on one line")
    parted = [(separator, tuple(next(csv.reader([header], delimiter=separator)))) for separator in SEPARATORS]
    separator, columns = max(parted, key=lambda each: len(each[1]))
    return Dialect(separator, columns, header)


def _first_lines(source: Source) -> list[str]:
    """The file's first lines, without line ends and byte order mark."""
    head = os.pread(source.file.fileno(), _PEEK, 0)
    if head.startswith(b"\x1f\x8b"):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, _PEEK)
        except zlib.error as error:
            raise unreadable(source.name, error, text=True) from error
    if head.startswith(b"\x28\xb5\x2f\xfd") or (
        b"\n" not in head.lstrip(b"\xef\xbb\xbf\r\n \t") and len(head) == _PEEK
    ):
        try:
            with quiet():
                lines = pl.scan_lines(source.file, name="line").head(1000).collect()["line"].to_list()
        except FAILURES as error:
            raise unreadable(source.name, error, text=True) from error
    else:
        whole, end, rest = head.rpartition(b"\n")
        try:
            lines = (whole if end else rest).decode("utf-8").removeprefix(BOM).split("\n")
        except UnicodeDecodeError as error:
            raise unreadable(source.name, error, text=True) from error
    return [line.removeprefix(BOM).removesuffix("\r") for line in lines]
