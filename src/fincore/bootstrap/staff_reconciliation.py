"""The resources of reconciliation for staff."""

from fincore.backoffice.reconciliation_views import ReconciliationViews
from fincore.bootstrap.staff_services import StaffServices
from fincore.http.resource import Resource
from fincore.staff.adjustments.handlers import AdjustmentHandlers
from fincore.staff.breaks.handlers import Breaks
from fincore.staff.reconciliation_days.handlers import ReconciliationDays
from fincore.staff.reconciliation_runs.handlers import ReconciliationRuns
from fincore.staff.settlement_files.handlers import SettlementFileHandlers
from fincore.staff.uncleared.handlers import Uncleared


def reconciliation_resources(services: StaffServices) -> tuple[Resource, ...]:
    """Runs, days, files, what is uncleared, breaks and adjustments."""
    admission = services.admission
    reconciliation = ReconciliationViews(services.stores.ledgerdb, services.clock)
    return (
        ReconciliationRuns(admission, reconciliation),
        ReconciliationDays(admission, reconciliation),
        SettlementFileHandlers(admission, services.acts, reconciliation),
        Uncleared(admission, reconciliation),
        Breaks(admission, services.acts, reconciliation),
        AdjustmentHandlers(admission, reconciliation),
    )
