"""The resources of staff that find and show payments."""

from fincore.backoffice.charge_in_full import ChargeInFull, ChargeStores
from fincore.backoffice.payment_search import SearchStores
from fincore.backoffice.worklists import Worklists
from fincore.bootstrap.staff_services import StaffServices
from fincore.http.resource import Resource
from fincore.read.paymentdb.staff_charge_queries import StaffChargeQueries
from fincore.read.paymentdb.staff_objects import StaffObjects
from fincore.staff.charge_details.handlers import StaffChargeDetails
from fincore.staff.charge_notes.handlers import StaffChargeNotesHandlers
from fincore.staff.charges.handlers import StaffCharges
from fincore.staff.checkout_sessions.handlers import StaffCheckoutSessions
from fincore.staff.disputes.handlers import StaffDisputes
from fincore.staff.held_reports.handlers import StaffHeldReports
from fincore.staff.payouts.handlers import StaffPayouts
from fincore.staff.refunds.handlers import StaffRefunds
from fincore.staff.reviews.handlers import StaffReviews
from fincore.staff.searches.handlers import Searches
from fincore.staff.unknown_outcomes.handlers import StaffUnknownOutcomes
from fincore.write.staff.charge_notes import ChargeNotes


def payment_resources(services: StaffServices) -> tuple[Resource, ...]:
    """Searches and lists, in the order of the documentation."""
    stores, admission = services.stores, services.admission
    objects = StaffObjects(stores.paymentdb)
    worklists = Worklists(eventstore=stores.eventstore, paymentdb=stores.paymentdb, jobs=stores.jobs)
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
        StaffChargeNotesHandlers(admission, services.acts, charges, ChargeNotes(stores.eventstore)),
        StaffRefunds(admission, objects),
        StaffDisputes(admission, objects, services.clock),
        StaffCheckoutSessions(admission, objects),
        StaffUnknownOutcomes(admission, worklists),
        StaffReviews(admission, worklists),
        StaffHeldReports(admission, worklists),
        StaffPayouts(admission, worklists),
    )
