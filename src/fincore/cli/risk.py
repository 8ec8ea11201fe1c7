"""What `fincore risk` can do: charges under review."""

from cyclopts import App

from fincore.cli.commands import COMMANDS
from fincore.cli.risk_cases import cases

risk = App(name="risk", help=COMMANDS["risk"].help)
risk.command(cases)
