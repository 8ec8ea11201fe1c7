"""The resources of reconciliation for staff."""

from fincore.backoffice.reconciliation_views import ReconciliationViews
from fincore.bootstrap.staff_services import StaffServices
from fincore.http.resource import Resource
from fincore.staff.breaks.handlers import Breaks


def reconciliation_resources(services: StaffServices) -> tuple[Resource, ...]:
    """Breaks."""
    admission = services.admission
    reconciliation = ReconciliationViews(services.stores.ledgerdb, services.clock)
    return (Breaks(admission, services.acts, reconciliation),)
