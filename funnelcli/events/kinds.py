"""What a file is, told by its first bytes: CSV, Parquet, or something that we do not read and what to do about it."""

from __future__ import annotations

import os
import re
import zlib
from typing import BinaryIO, Literal

from funnelcli.errors import DataError
from funnelcli.events.messages import shown

Kind = Literal["csv", "parquet"]

_HEAD = 4096
_GZIP, _ZSTD, _PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"PARE", "an encrypted Parquet file; decrypt it first"),
    (b"PK\x03\x04", "a ZIP archive; unzip it first"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"BZh", "compressed with bzip2; unpack it first, or use gzip or zstd"),
    (b"\xfd7zXZ\x00", "compressed with xz; unpack it first, or use gzip or zstd"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    (b"\x04\x22\x4d\x18", "compressed with lz4; unpack it first, or use gzip or zstd"),
    (b"\xff\x06\x00\x00sNaPpY", "compressed with snappy; unpack it first, or use gzip or zstd"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook; save it as CSV UTF-8 first"),
    (b"Obj\x01", "an Avro file; convert it to Parquet or CSV first"),
    (b"ORC", "an ORC file; convert it to Parquet or CSV first"),
    (b"ARROW1", "an Arrow file; convert it to Parquet or CSV first"),
    (b"SQLite format 3\x00", "an SQLite database; export the table as CSV first"),
    (b"%PDF", "a PDF document; export the data as CSV first"),
    (b"\xff\xfe", "text in UTF-16; convert it first, for example with iconv -f UTF-16 -t UTF-8"),
    (b"\xfe\xff", "text in UTF-16; convert it first, for example with iconv -f UTF-16 -t UTF-8"),
    (b"\x00\x00\xfe\xff", "text in UTF-32; convert it first, for example with iconv -f UTF-32 -t UTF-8"),
)

_MARKUP = re.compile(rb"\s*<[!?a-zA-Z]")
_JSON = re.compile(rb"\s*(\{\s*(\"|\}|$)|\[\s*(\{|\[|\"|\]))")


def kind(name: str, file: BinaryIO) -> Kind:
    """Whether a file is CSV or Parquet. Raises DataError for an empty file and for what we do not read."""
    descriptor = file.fileno()
    head = os.pread(descriptor, _HEAD, 0)
    if not head:
        raise DataError(f"{shown(name)}: the file is empty")
    if head.startswith(_PARQUET):
        size = os.fstat(descriptor).st_size
        if size < 12 or os.pread(descriptor, 4, size - 4) != _PARQUET:
            raise DataError(f"{shown(name)}: a Parquet file that is cut off; copy or export it again")
        return "parquet"
    if head.startswith(_ZSTD):
        return "csv"
    if head.startswith(_GZIP):
        head = _unpacked(head)
        if head.startswith(_PARQUET):
            raise DataError(f"{shown(name)}: a Parquet file packed with gzip; unpack it first")
    other = _other(head)
    if other:
        raise DataError(f"{shown(name)}: {other}")
    return "csv"


def _unpacked(head: bytes) -> bytes:
    """The first bytes inside a gzip file; what is damaged there, the reader will say."""
    try:
        return zlib.decompressobj(wbits=31).decompress(head)
    except zlib.error:
        return b""


def _other(head: bytes) -> str | None:
    """What a file is that is neither CSV nor Parquet, and what to do about it."""
    for magic, what in _OTHERS:
        if head.startswith(magic):
            return "an Excel workbook; save it as CSV UTF-8 first" if magic[:2] == b"PK" and b"xl/" in head else what
    if head[257:262] == b"ustar":
        return "a tar archive; unpack it first"
    if _JSON.match(head):
        return "JSON; convert it to Parquet or CSV first"
    if _MARKUP.match(head):
        return "HTML or XML; export the data as CSV first"
    if head.count(0) > len(head) // 4:
        return "not text (perhaps UTF-16 or a binary file); convert it to CSV UTF-8 first"
    return None
