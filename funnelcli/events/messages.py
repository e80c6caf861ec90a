"""What a person reads when a log cannot be read: one short line, without the log's values.

In come the engine's exceptions, panics and prints; out come `DataError`s that name the file. What one
must know: a panic is a BaseException and prints to descriptor 2 by itself, so `quiet` holds that descriptor.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import polars as pl

from funnelcli.errors import DataError

FAILURES = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError)
"""What reading a bad file may raise."""

_NO_TEXT = ("casting from", "invalid utf8", "out-of-range date", "invalid or out-of-range datetime")
"""How the engine begins when a sound column holds what is no text, and no reading can make it one."""

_LONGEST = 200
_QUOTED = re.compile(r"""`[^`]*`?|"[^"]*"?|'[^']*'?|\[[^\]]*\]?""")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def shown(text: str) -> str:
    """The text with control characters, bidi controls and lone surrogates replaced, fit for one line."""
    return _CONTROL.sub("�", text)


def gist(error: BaseException) -> str:
    """The first line of an engine's message, at most 200 characters, with everything quoted taken out.

    >>> gist(ValueError('could not parse `ann@x.org` as dtype `i64`'))
    'could not parse … as dtype …'
    """
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return shown(_QUOTED.sub("…", lines[0]))[:_LONGEST].rstrip(" .:")


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names as a person reads them, at most twelve.

    >>> listed(["a", "b"])
    'a, b'
    """
    names = [shown(name) for name in names]
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def meant(name: str, names: Iterable[str]) -> str:
    """`; did you mean X?`, or nothing when no name is near.

    >>> meant("evnt", ["user", "event"])
    '; did you mean event?'
    """
    names = list(names)
    folded = {other.casefold().replace("_", "").replace(" ", ""): other for other in reversed(names)}
    near = folded.get(name.casefold().replace("_", "").replace(" ", ""))
    close = [near] if near else difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {shown(close[0])}?" if close else ""


def unreadable(name: str, error: BaseException, *, text: bool = False) -> DataError:
    """The error for a file that the engine could not read; `text` for a file of text."""
    said = str(error).lower()
    if text and ("utf-8" in said or "utf8" in said):
        return DataError(
            f"{shown(name)}: not UTF-8 text; convert it first, for example with iconv -f WINDOWS-1252 -t UTF-8"
        )
    if said.startswith(_NO_TEXT):
        return DataError(
            f"{shown(name)}: a column that is needed cannot be told as text ({gist(error)}); export it as text"
        )
    return DataError(f"{shown(name)}: cannot be read, the file is damaged or cut off ({gist(error)})")


@contextmanager
def quiet() -> Iterator[None]:
    """Descriptor 2 is held while the engine runs: what a panic prints is thrown away, all else is passed on."""
    try:
        sys.stderr.flush()
        kept = os.dup(2)
    except (OSError, ValueError, AttributeError):  # no standard error to protect
        yield
        return
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        panicked = False
        try:
            yield
        except pl.exceptions.PanicException:
            panicked = True
            raise
        finally:
            try:
                sys.stderr.flush()
            finally:
                os.dup2(kept, 2)
                os.close(kept)
            caught.seek(0)
            said = caught.read()
            if said and not panicked:
                os.write(2, said)
