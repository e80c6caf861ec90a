"""Events: log files in; out come the rows that take part, and the account of every other row.

`load` reads a funnel's logs, `survey` says what is in any log, `check` what in a funnel's logs deserves a second look.
Inside, a log goes through `files` (found, opened once), `audit` (every line of text is a whole row), `scan`
(the needed columns), `matching` and `where` (stages), `times`, `naming` (units), `rows` (all of these in one frame),
`first` and `sessions` (rules that look at a unit's other rows), and `load` puts them together. Who needs to read a log
twice opens it (`opened`), loads from it, and asks what lies `inside` spans of time.
"""

from funnelcli.events.inside import inside
from funnelcli.events.load import load
from funnelcli.events.log import Log, opened
from funnelcli.events.shape import REASONS, Account, Events
from funnelcli.events.survey import Survey, check, survey

__all__ = ["REASONS", "Account", "Events", "Log", "Survey", "check", "inside", "load", "opened", "survey"]
