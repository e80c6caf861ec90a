"""`funnelcli schema`: the JSON Schema of the YAML, for editors."""

from __future__ import annotations

from funnelcli.cli.options import OutputFile, command
from funnelcli.errors import DONE


@command
def schema(output: OutputFile = "-") -> int:
    """The JSON Schema of the YAML, for an editor's language server."""
    from funnelcli import config
    from funnelcli.export import write
    from funnelcli.export.json import encoded

    write(encoded(config.schema(), indent=2), output)
    return DONE
