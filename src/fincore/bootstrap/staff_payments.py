"""The resources of staff that find and show payments."""

from fincore.backoffice.charge_in_full import ChargeInFull, ChargeStores
from fincore.backoffice.payment_search import SearchStores
from fincore.bootstrap.staff_services import StaffServices
from fincore.http.resource import Resource
from fincore.read.paymentdb.staff_charge_queries import StaffChargeQueries
from fincore.staff.charge_details.handlers import StaffChargeDetails
from fincore.staff.charges.handlers import StaffCharges
from fincore.staff.searches.handlers import Searches


def payment_resources(services: StaffServices) -> tuple[Resource, ...]:
    """Searches and lists, in the order of the documentation."""
    stores, admission = services.stores, services.admission
    charges = ChargeInFull(
        services.log,
        ChargeStores(
            eventstore=stores.eventstore,
            paymentdb=stores.paymentdb,
            ledgerdb=stores.ledgerdb,
            jobs=stores.jobs,
            clock=services.clock,
        ),
    )
    return (
        Searches(admission, SearchStores(paymentdb=stores.paymentdb, eventstore=stores.eventstore)),
        StaffCharges(admission, StaffChargeQueries(stores.paymentdb)),
        StaffChargeDetails(admission, charges),
    )
