"""The program's door: `python -m funnelcli`, and the console script."""

from __future__ import annotations

import os
import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run the program; an interrupt that comes before its own handlers are there ends it without a word."""
    # Nothing here is a plugin of pydantic's, and to look for some costs a tenth of the start-up.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    from funnelcli.cli.main import main

    main()


if __name__ == "__main__":
    main()
