"""Every command by its first word: the module that has it, and its line of `fincore --help`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Command(NamedTuple):
    """Where a command is, as `module:name`, so that it is loaded only when it is typed; and what it is for."""

    place: str
    help: str


COMMANDS: Final[Mapping[str, Command]] = MappingProxyType(
    {
        "up": Command(
            "fincore.cli.roles:up",
            "Run every role under one supervisor until Ctrl-C, on the embedded PostgreSQL unless a DSN is set.",
        ),
        "run": Command("fincore.cli.roles:run", "Run one role alone until SIGTERM or Ctrl-C."),
        "migrate": Command(
            "fincore.cli.installation:migrate", "Bring the schemas of the three stores up to date."
        ),
        "settings": Command(
            "fincore.cli.installation:settings",
            "List every setting with its value, where the value comes from, and what it means.",
        ),
        "check": Command(
            "fincore.cli.installation:check",
            "Check every invariant; exit with 1 if one is broken, with 3 if one could not be checked.",
        ),
        "merchant": Command(
            "fincore.cli.merchants:merchants", "Merchants, their fee plans and the origins of their pages."
        ),
        "key": Command("fincore.cli.keys:keys", "API keys of merchants: create, list, revoke."),
        "staff": Command(
            "fincore.cli.staff:staff",
            "People who log in at the built-in issuer: add, list, give roles, disable, reset; and the key that signs their tokens.",
        ),
        "charges": Command(
            "fincore.cli.charges:charges", "Show the history of a charge; list and resolve unknown outcomes."
        ),
        "sessions": Command(
            "fincore.cli.sessions:sessions",
            "Checkout sessions: show the history of one, list those of a merchant.",
        ),
        "psp": Command("fincore.cli.psp:psps", "Accounts at PSPs: list, and check what each may do."),
        "routes": Command(
            "fincore.cli.routes:routes", "Routing rules: show, set, and simulate what they would do."
        ),
        "risk": Command(
            "fincore.cli.risk:risk",
            "Risk: rules, tried out in shadow and live; lists that they ask for; charges under review.",
        ),
        "jobs": Command("fincore.cli.jobs:jobs", "Dead jobs, which failed for good: list, requeue."),
        "rebuild": Command(
            "fincore.cli.rebuild:rebuilds",
            "Build PaymentDB, LedgerDB, what reconciliation found, or the outcomes that risk rules count again from the log, or compare them with it.",
        ),
        "restore": Command(
            "fincore.cli.restore:restores",
            "Restore the stores from dumps of pg_dump: prepare the server, check the result.",
        ),
        "reports": Command("fincore.cli.reports:reports", "Held reports of PSPs: list, release, read again."),
        "payouts": Command(
            "fincore.cli.payouts:payouts",
            "Payouts of PSPs to bank accounts: list, and show the history of one.",
        ),
        "pages": Command(
            "fincore.cli.pages:pages",
            "FinCore's pages: what browsers report of them, and whether they are those of this version.",
        ),
        "parked": Command(
            "fincore.cli.parked:parked",
            "What a consumer no longer follows, such as a charge that it could not read: list, resume.",
        ),
        "webhooks": Command(
            "fincore.cli.webhooks:webhooks",
            "Webhooks to merchants: what fails, what was given up, and a change of the key that encrypts secrets.",
        ),
        "vault": Command(
            "fincore.cli.vault:vault",
            "Kept cards: the keys that encrypt them, their rotation, and each use of one.",
        ),
        "ledger": Command(
            "fincore.cli.ledger:ledger",
            "The ledger: balances, statements, suspense, closing, seals, export.",
        ),
        "reconcile": Command(
            "fincore.cli.reconcile:reconcile",
            "Settlement files of PSPs and statements of banks: fetch, list and check them, match them with the ledger, list the breaks.",
        ),
        "monitoring": Command(
            "fincore.cli.monitoring:monitoring",
            "Alerts and dashboards: print the rules, write the configuration of monitoring, run it on this machine.",
        ),
    }
)
