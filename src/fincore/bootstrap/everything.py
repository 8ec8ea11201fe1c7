"""`fincore up`: every role as a process of its own, under one supervisor."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace

from fincore.bootstrap.card_edge_settings import check_card_edge
from fincore.bootstrap.databases import Installation
from fincore.bootstrap.distinct_keys import check_keys_apart
from fincore.bootstrap.ops_channels import check_channels
from fincore.bootstrap.psps import check_accounts, configured_accounts
from fincore.bootstrap.public_url import check_public_url
from fincore.bootstrap.ready_line import tell_when_ready
from fincore.bootstrap.role_environment import environment_of
from fincore.bootstrap.roles import configured_roles
from fincore.bootstrap.schemas import migrate_databases
from fincore.bootstrap.secret_stores import secret_resolver
from fincore.bootstrap.secrets_key import secrets_key
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.settlement_evidence import check_evidence
from fincore.bootstrap.settlement_sources.reached_sources import check_sources
from fincore.bootstrap.staff_issuer import check_staff
from fincore.bootstrap.supervisor import Program, Supervisor
from fincore.bootstrap.vault_settings import check_vault
from fincore.domain.errors import ConfigurationError


async def run_everything(
    settings: Settings, installation: Installation, *, announce: Callable[[str], None]
) -> None:
    """Migrate, start every role, keep them and the embedded PostgreSQL running until SIGTERM or Ctrl-C, stop them.

    Announces one line when every role is ready.
    """
    databases = installation.databases
    if not settings.psp_accounts:
        raise ConfigurationError(
            "no PSP account is configured: set FINCORE_STRIPE_TEST_SECRET_KEY and FINCORE_STRIPE_TEST_WEBHOOK_SECRETS, "
            "or FINCORE_PSP_ACCOUNTS_FILE"
        )
    check_accounts(settings, secret_resolver(settings, os.environ))
    check_public_url(configured_accounts(settings), settings)
    check_card_edge(settings)
    check_staff(settings)
    # The key that is made beside the embedded server is in no setting.
    check_keys_apart(replace(settings, secrets_key=secrets_key(settings)))
    check_vault(settings)
    check_sources(settings, secret_resolver(settings, os.environ))
    if settings.settlement_sources_file:
        await check_evidence(settings)
    check_channels(settings)
    await migrate_databases(databases)
    supervisor = Supervisor(
        [
            Program(
                name=role,
                command=(sys.executable, "-m", "fincore", "run", role, "--until-eof"),
                environment=environment_of(role, os.environ, settings, databases),
            )
            for role in configured_roles(settings)
        ],
        () if installation.embedded is None else (installation.embedded,),
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    telling = asyncio.create_task(tell_when_ready(settings, announce))
    try:
        await supervisor.run()
    finally:
        telling.cancel()
