"""Writing the finished bytes: to a file whole or not at all, or to standard output in full.

A file is written beside its target, readable by nobody else, synced, and moved over the target, so that a reader sees
the old report or the new one, never a part. What is not a file (a pipe, /dev/null) is written to directly.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import select
import stat
import sys
from contextlib import suppress
from pathlib import Path

from funnelcli.display import printable
from funnelcli.errors import OutputError

_STDOUT = "standard output"

_CLOSED_PIPE = 141
"""The exit code of a program that a closed pipe ended, as a shell sees it: 128 + SIGPIPE."""

_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")
_STREAMS = {"-": 1, "/dev/stdout": 1, "/dev/stderr": 2}

_REASONS = {
    errno.EISDIR: "this is a folder; name a file in it",
    errno.ENOTDIR: "a part of this path is a file, not a folder; choose another path",
    errno.EBADF: "it is closed; write to a file",
    errno.EACCES: "no permission to write this file, or to make one in its folder; choose another path",
    errno.EPERM: "no permission to write this file, or to make one in its folder; choose another path",
    errno.EROFS: "this file system is read-only; choose another path",
    errno.ENOSPC: "the disk is full; make room or write elsewhere",
    errno.EDQUOT: "your disk quota is used up; make room or write elsewhere",
    errno.ENAMETOOLONG: "this name is too long; choose a shorter one",
    errno.ELOOP: "this is a symbolic link that leads back to itself; choose another path",
}


def write(data: bytes, target: str | None, *, private: bool = False) -> None:
    """Writes all of `data` to the file `target`, or to standard output if it is None or `-`.

    A file that is there keeps its mode; a new one has that of the umask, or 0600 if it is `private`.

    Raises:
        OutputError: it could not be written; a file that was there is as it was.
        SystemExit: the reader of a pipe went away; the code is 141 and nothing is said.
    """
    descriptor = _descriptor(target)
    try:
        if target is None or descriptor == 1:
            _to_stdout(data)
        elif descriptor is not None:
            _all(descriptor, data)
        else:
            _to_path(data, target, private=private)
    except BrokenPipeError:
        raise SystemExit(_CLOSED_PIPE) from None
    except (OSError, ValueError) as error:
        raise _failure(target, error) from error


def is_terminal(target: str) -> bool:
    """Whether what is written to `target` appears on a terminal."""
    descriptor = _descriptor(target)
    if descriptor is not None:
        return os.isatty(descriptor)
    try:
        if not stat.S_ISCHR(Path(target).stat().st_mode):
            return False
        opened = os.open(target, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except (OSError, ValueError):  # to write there will say why
        return False
    try:
        return os.isatty(opened)
    finally:
        os.close(opened)


def _descriptor(target: str | None) -> int | None:
    if target is None:
        return 1
    found = _DESCRIPTOR.fullmatch(target)
    return int(found[1]) if found else _STREAMS.get(target)


def _to_stdout(data: bytes) -> None:
    stream = sys.stdout
    if stream is None or stream.closed:
        raise OSError(errno.EBADF, "it is closed")
    stream.flush()
    try:
        descriptor = stream.fileno()
    except OSError:  # a stream in memory
        stream.buffer.write(data)
        return
    _all(descriptor, data)


def _all(descriptor: int, data: bytes) -> None:
    """Writes every byte past Python's buffers, whose late failures are lost; waits where the other end is slow."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            select.select([], [descriptor], [])


def _to_path(data: bytes, target: str, *, private: bool) -> None:
    if not target:
        raise ValueError(target)
    path = Path(target)
    try:
        there = path.stat()
    except FileNotFoundError:
        there = None
    if target.endswith("/") or (there and stat.S_ISDIR(there.st_mode)):
        raise OSError(errno.EISDIR, target)
    if there and not stat.S_ISREG(there.st_mode):
        with path.open("wb", buffering=0) as special:
            _all(special.fileno(), data)
    else:
        _replace(path.resolve(), data, there, private=private)


def _replace(path: Path, data: bytes, there: os.stat_result | None, *, private: bool) -> None:
    if there and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, path)
    temporary = path.with_name(f".funnelcli-{secrets.token_hex(8)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _all(descriptor, data)
            if there or not private:
                _look_like(descriptor, there)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)


def _look_like(descriptor: int, there: os.stat_result | None) -> None:
    """Gives the new file the mode of the one it replaces, and its owner if we may; else what the umask leaves."""
    if there is None:
        mask = os.umask(0o077)
        os.umask(mask)
        os.fchmod(descriptor, 0o666 & ~mask)
        return
    with suppress(PermissionError):
        os.fchown(descriptor, there.st_uid, there.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(there.st_mode))


def _sync_folder(folder: Path) -> None:
    """Makes the move itself last. Where a folder cannot be opened or synced, the file is in its place all the same."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _failure(target: str | None, error: OSError | ValueError) -> OutputError:
    where = _STDOUT if target is None or target == "-" else printable(target)
    if not isinstance(error, OSError):
        return OutputError(f"'{where}' is not a name that a file can have; choose another")
    reason = _REASONS.get(error.errno or 0) or f"{error.strerror}; choose another path"
    if error.errno == errno.ENOENT and target:
        reason = _no_folder(target) or reason
    return OutputError(f"{where}: {reason}")


def _no_folder(target: str) -> str | None:
    """What to say of a file whose folder is not there; None if it is."""
    try:
        folder = Path(target).resolve().parent
    except FileNotFoundError:
        return "the working folder was deleted; change to another one, or write the whole path"
    return None if folder.exists() else f"there is no folder {printable(str(folder))}; make it or choose another path"
