"""Tables as text for people: on a terminal, and plain everywhere else."""

from funnelcli.render.plain import plain
from funnelcli.render.terminal import terminal, wants_color

__all__ = ["plain", "terminal", "wants_color"]
