"""What `fincore risk store` can do: create the table in DynamoDB in which attempts to pay are counted."""

import os

from cyclopts import App

from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.event_loop import run_coroutine
from fincore.bootstrap.settings import Settings
from fincore.cli.terminal import show
from fincore.domain.errors import ConfigurationError
from fincore.observability.logs import configure_logs

store = App(name="store", help="Where attempts to pay are counted: create the table in DynamoDB.")


@store.command(name="create")
def create_table() -> None:
    """Create the table that FINCORE_RISK_DYNAMODB_TABLE names, billed by request, and let DynamoDB delete what counts no more.

    A table that is there already is left as it is, but for that deletion, which is turned on.
    """
    settings = read_settings(os.environ)
    configure_logs(level="warning", log_format="console")
    if settings.risk_store != "dynamodb":
        raise ConfigurationError("there is no table to create: set FINCORE_RISK_STORE=dynamodb")
    show(run_coroutine(_created(settings)))


async def _created(settings: Settings) -> str:
    # Here, so that `fincore risk` needs the AWS library for this alone.
    from fincore.bootstrap.risk_table import open_risk_table, require_usable  # noqa: PLC0415

    async with open_risk_table(settings) as table:
        before = await table.create()
    if before == "other_key":
        require_usable(before, settings)
    name = settings.risk_dynamodb_table
    return {
        "absent": f"table {name} is created",
        "without_ttl": f"table {name} was there; what counts no more is deleted from now on",
    }.get(before, f"table {name} was there")
