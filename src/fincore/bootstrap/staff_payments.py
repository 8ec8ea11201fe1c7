"""The resources of staff that find and show payments."""

from fincore.backoffice.payment_search import SearchStores
from fincore.bootstrap.staff_services import StaffServices
from fincore.http.resource import Resource
from fincore.read.paymentdb.staff_charge_queries import StaffChargeQueries
from fincore.staff.charges.handlers import StaffCharges
from fincore.staff.searches.handlers import Searches


def payment_resources(services: StaffServices) -> tuple[Resource, ...]:
    """Searches and lists, in the order of the documentation."""
    stores, admission = services.stores, services.admission
    return (
        Searches(admission, SearchStores(paymentdb=stores.paymentdb, eventstore=stores.eventstore)),
        StaffCharges(admission, StaffChargeQueries(stores.paymentdb)),
    )
