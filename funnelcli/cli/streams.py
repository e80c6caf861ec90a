"""What the program says on standard error, and what it needs of the three standard streams.

Standard output is the report and only the report (`deliver`). Everything a person is told besides goes to
standard error, one line each, beginning with `funnelcli: `.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def say(kind: str, text: str) -> None:
    """One line `funnelcli: kind: text` on standard error."""
    from funnelcli.display import printable

    tell(f"funnelcli: {kind}: {printable(text)}\n")


def put(text: str) -> None:
    """The text on standard output, all of it.

    Raises:
        OutputError: it is closed or full.
    """
    from funnelcli.export import write

    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    write(text.encode(encoding, "backslashreplace"), None)


def tell(text: str) -> None:
    """The text on standard error, past Python's buffer; one that is closed or full is let be."""
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    with suppress(OSError):
        os.write(2, text.encode(encoding, "backslashreplace"))


def secure_descriptors() -> None:
    """Fill standard descriptors that were closed, so that no file we open later takes the place of one.

    A closed standard input is an empty one. In `sys` a closed standard output stays None: a report that nobody can
    read is an error.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - the process's own, for its life
