"""The room of statistics stands alone: the standard library, and nothing else at run time."""

from __future__ import annotations

import subprocess
import sys


def test_it_imports_nothing_but_the_standard_library():
    code = (
        "import sys, funnelcli.stats\n"
        "ours = {name for name in sys.modules if name.partition('.')[0] == 'funnelcli'}\n"
        "print(sorted(name for name in ours if not name.startswith('funnelcli.stats')))\n"
        "print(sorted({'numpy', 'pandas', 'polars', 'scipy', 'statsmodels'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "['funnelcli']\n[]\n"
    assert done.stderr == ""
