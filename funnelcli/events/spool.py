"""Temporary files without a name: copies of what cannot be read twice, and mended copies of damaged logs.

The name is gone as soon as the file is open, so nothing is left behind, however the run ends.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from funnelcli.errors import OutputError
from funnelcli.events.messages import shown


def spooled(chunks: Iterable[bytes], name: str) -> BinaryIO:
    """A file that holds the chunks, open for reading; `name` is what they are a copy of.

    The file is opened a second time, `rb`: such an object the engine reads through its descriptor, any
    other it would load into memory. Raises OutputError when there is no room.
    """
    try:
        handle, path = tempfile.mkstemp(prefix="funnelcli-")
    except OSError as error:
        raise _no_room(name, error) from error
    with os.fdopen(handle, "wb") as target:
        try:
            reader = Path(path).open("rb")  # noqa: SIM115 the caller closes it
        finally:
            Path(path).unlink()
        try:
            for chunk in chunks:
                try:
                    target.write(chunk)
                except OSError as error:
                    raise _no_room(name, error) from error
            try:
                target.flush()
            except OSError as error:
                raise _no_room(name, error) from error
        except BaseException:
            reader.close()
            raise
    return reader


def _no_room(name: str, error: OSError) -> OutputError:
    return OutputError(
        f"{shown(name)}: no temporary copy could be written to {tempfile.gettempdir()} ({error.strerror});"
        " set TMPDIR to a folder with room"
    )
