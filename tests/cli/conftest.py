"""A shop as small as can be: three stages, three users, one of them all the way."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFIG = """\
funnel: Shop
logs: log.csv
stages:
  - Visit: view
  - Cart: cart
  - Purchase: buy
"""
LOG = """\
user,event,timestamp,channel
ann,view,2026-01-01T10:00:00Z,email
ann,cart,2026-01-01T10:05:00Z,email
ann,buy,2026-01-01T10:10:00Z,email
bob,view,2026-01-01T11:00:00Z,ads
bob,cart,2026-01-01T11:05:00Z,ads
cem,view,2026-01-01T12:00:00Z,ads
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder that holds funnel.yaml and log.csv."""
    tmp_path.joinpath("funnel.yaml").write_text(CONFIG)
    tmp_path.joinpath("log.csv").write_text(LOG)
    return tmp_path
