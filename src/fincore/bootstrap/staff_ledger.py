"""The resources of the ledger for staff."""

from fincore.backoffice.exports import Exports
from fincore.backoffice.ledger_views import LedgerViews
from fincore.bootstrap.staff_services import StaffServices
from fincore.http.resource import Resource
from fincore.staff.exports.handlers import ExportHandlers
from fincore.staff.ledger_accounts.handlers import LedgerAccounts
from fincore.staff.ledger_entries.handlers import LedgerEntriesOfStaff
from fincore.staff.sealed_days.handlers import SealedDays
from fincore.staff.suspense.handlers import Suspense
from fincore.staff.trial_balance.handlers import TrialBalance


def ledger_resources(services: StaffServices) -> tuple[Resource, ...]:
    """Accounts, entries, trial balance, sealed days, suspense, and exports."""
    admission, stores = services.admission, services.stores
    ledger = LedgerViews(stores.ledgerdb, stores.eventstore)
    return (
        LedgerAccounts(admission, ledger),
        LedgerEntriesOfStaff(admission, ledger),
        TrialBalance(admission, ledger),
        SealedDays(admission, ledger),
        Suspense(admission, ledger),
        ExportHandlers(admission, services.acts, Exports(stores.paymentdb, stores.ledgerdb), ledger),
    )
