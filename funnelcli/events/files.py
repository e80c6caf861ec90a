"""The files of a log, found and opened once.

In comes what the person wrote: paths, globs, folders, `-`. Out come `Source`s in the order of the log: files
as listed, the matches of a glob and the files of a folder by name. A source is an open file object, so a file
that is replaced while we read changes nothing; one that is rewritten in place is an error (`unchanged`).
What a file is, its first bytes tell, never its name.
"""

from __future__ import annotations

import glob
import os
import re
import stat
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from funnelcli.errors import DataError, UsageError
from funnelcli.events.kinds import Kind, kind
from funnelcli.events.messages import shown
from funnelcli.events.spool import spooled

_LOGS = re.compile(r"\.(parquet|(csv|tsv|txt)(\.(gz|zst))?)$", re.IGNORECASE)
_URL = re.compile(r"^[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_PARTITION = re.compile(r"^([^=]+)=(.*)$", re.DOTALL)
_STANDARD_INPUT = (-1, -1)
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Source:
    """One file of a log, open.

    `partitions` are the columns that its folders name (`day=2026-01-01`), the value None for Hive's null.
    """

    name: str
    file: BinaryIO
    kind: Kind
    partitions: tuple[tuple[str, str | None], ...]
    opened: os.stat_result


def sources(logs: Sequence[str], stack: ExitStack) -> tuple[list[Source], list[str]]:
    """The files of the logs, open until `stack` closes, and notes about files listed more than once.

    Raises: DataError when a log is missing, unreadable, empty or not a CSV or Parquet file; UsageError when none is
    named.
    """
    found: dict[tuple[int, int], Source] = {}
    times: Counter[tuple[int, int]] = Counter()
    listed = [path for log in logs for path in paths(log)]
    _make_room(len(listed))
    for path in listed:
        if path == "-" and _STANDARD_INPUT in found:
            times[_STANDARD_INPUT] += 1
            continue
        file = stack.enter_context(_open(path))
        status = os.fstat(file.fileno())
        identity = _STANDARD_INPUT if path == "-" else (status.st_dev, status.st_ino)
        times[identity] += 1
        if identity in found:
            file.close()
            continue
        name = "standard input" if path == "-" else path
        found[identity] = Source(name, file, kind(name, file), _partitions(path), status)
    if not found:
        raise UsageError("no log is given; name one after the config, or set logs in it")
    notes = [
        f"{shown(found[identity].name)} is listed {count} times; it was read once"
        for identity, count in times.items()
        if count > 1
    ]
    return list(found.values()), notes


def unchanged(files: Sequence[Source]) -> None:
    """Nothing; raises DataError when a file was written to since it was opened."""
    for source in files:
        now = os.fstat(source.file.fileno())
        if (now.st_size, now.st_mtime_ns) != (source.opened.st_size, source.opened.st_mtime_ns):
            raise DataError(f"{shown(source.name)}: changed while it was read; run again when nothing writes to it")


def paths(log: str) -> list[str]:
    """The paths that one entry of the logs stands for, in order; standard input is `-`.

    Raises: DataError when there are none.
    """
    if log == "-":
        return ["-"]
    if _URL.match(log) and not os.path.lexists(log):
        raise DataError(f"{shown(log)}: only files on this machine can be read; fetch it first")
    if Path(log).is_dir():
        inside = list(_folder(log))
        if not inside:
            raise DataError(
                f"{shown(log)}: no logs in this folder; it needs .csv, .tsv, .txt (also .gz or .zst) or .parquet files"
            )
        return inside
    if os.path.lexists(log) or not glob.has_magic(log):
        return [log]
    marked = Path(log).name.startswith(("_", "."))
    found = sorted(glob.glob(log, recursive=True))  # noqa: PTH207 Path.glob refuses absolute patterns
    matches = [path for path in found if marked or not _marker(Path(path).name)]
    files = [file for path in matches for file in (_folder(path) if Path(path).is_dir() else [path])]
    if not files:
        raise DataError(f"{shown(log)}: no file matches this pattern")
    return list(dict.fromkeys(files))


def _folder(top: str) -> Iterator[str]:
    """The logs in a folder and the folders in it, by name; hidden ones and markers like _SUCCESS left out."""
    try:
        entries = sorted(os.scandir(top), key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"{shown(top)}: cannot be read ({_why(error)})") from error
    if any(entry.name == "_delta_log" for entry in entries):
        raise DataError(
            f"{shown(top)}: a Delta table, whose folder also holds deleted rows; export it to Parquet first"
        )
    for entry in entries:
        if _marker(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _folder(entry.path)
        elif _LOGS.search(entry.name):
            yield entry.path


def _marker(name: str) -> bool:
    """Whether a name is a hidden file or a marker, as Spark and others leave beside the data."""
    return name.startswith(".") or (name.startswith("_") and "=" not in name)


def _partitions(path: str) -> tuple[tuple[str, str | None], ...]:
    """The columns that a file's folders name: `a/day=1/b.csv` gives day."""
    named = (_PARTITION.match(part) for part in Path(path).parts[:-1])
    values = {unquote(match[1]): unquote(match[2]) for match in named if match}
    return tuple((key, None if value == _NO_VALUE else value) for key, value in values.items())


@cache
def _copy(name: str, stream: BinaryIO) -> BinaryIO:
    """A copy of what can be read only once, for all the funnels that read it."""
    return spooled(_chunks(stream), name)


@cache
def _pipe(path: str, _device: int, _inode: int) -> BinaryIO:
    with Path(path).open("rb") as pipe:
        return spooled(_chunks(pipe), path)


def _again(copy: BinaryIO) -> BinaryIO:
    """The copy, open once more, from its beginning."""
    copy.seek(0)
    return os.fdopen(os.dup(copy.fileno()), "rb")


def _open(path: str) -> BinaryIO:
    """The file, open for reading; what cannot be read twice (a pipe, standard input) as a temporary copy."""
    try:
        if path == "-":
            return _again(_copy("standard input", sys.stdin.buffer))
        status = Path(path).stat()
        if stat.S_ISFIFO(status.st_mode) or stat.S_ISSOCK(status.st_mode) or stat.S_ISCHR(status.st_mode):
            return _again(_pipe(path, status.st_dev, status.st_ino))
        return Path(path).open("rb")
    except FileNotFoundError as error:
        raise DataError(f"{shown(path)}: no such file") from error
    except (OSError, ValueError, AttributeError) as error:
        raise DataError(f"{shown(path)}: cannot be read ({_why(error)})") from error


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """All that the stream still holds, piece by piece."""
    while chunk := stream.read(1 << 20):
        yield chunk


def _why(error: BaseException) -> str:
    """The system's reason, in its own words."""
    return (error.strerror or type(error).__name__).lower() if isinstance(error, OSError) else shown(str(error))


def _make_room(files: int) -> None:
    """The system is asked to let us hold so many files open (the engine holds each a few times)."""
    try:
        import resource  # Unix only
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 256 + 8 * files
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
