"""Signals: a closed pipe ends the program in silence, SIGINT and SIGTERM end it in order, wherever it stands.

Python runs its handlers between two steps of Python only, and a query or a blocked read is one step. The wake-up
descriptor is written at once. The thread behind it sends SIGINT on: Polars heeds that inside a query; outside of one
its own handler makes the system resume what was interrupted, so that is switched off first.
"""

from __future__ import annotations

import os
import signal
import threading
import time

INTERRUPTED, TERMINATED = 130, 143
"""Exit codes after SIGINT and SIGTERM: 128 and the signal's number, as shells count."""

_DEAF = 1.0
"""Seconds after an interrupt in which another is not heeded, so that it does not hit the cleaning up."""

_TRIES = (0.05, 0.5)
"""Seconds to wait before SIGINT is sent on, and again: what the first one interrupted may be just about to resume."""


def secure() -> threading.Event:
    """Turn every SIGTERM into an interrupt, and every interrupt into a KeyboardInterrupt; set when SIGTERM came.

    Where SIGINT is ignored (a job in the background of a script), it still is when others send it.
    """
    terminated, raised = threading.Event(), threading.Event()
    if os.name == "posix":
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        heeded = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
        last = float("-inf")

        def interrupt(_number: int, _frame: object) -> None:
            nonlocal last
            now = time.monotonic()
            if heeded or terminated.is_set():
                raised.set()
                if now - last > _DEAF:
                    last = now
                    raise KeyboardInterrupt

        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, lambda _number, _frame: None)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        threading.Thread(target=_watch, args=(reader, terminated, raised), daemon=True, name="signals").start()
    return terminated


def _watch(reader: int, terminated: threading.Event, raised: threading.Event) -> None:
    """Send on what arrives until it is `raised`; what was sent on arrives too, and is not sent on again."""
    own = 0
    while received := os.read(reader, 1):
        if received[0] == signal.SIGTERM:
            terminated.set()
        elif received[0] != signal.SIGINT or own:
            own = max(own - 1, 0)
            continue
        raised.clear()
        signal.siginterrupt(signal.SIGINT, True)
        for pause in _TRIES:
            if not raised.wait(pause):
                own += 1
                os.kill(os.getpid(), signal.SIGINT)
