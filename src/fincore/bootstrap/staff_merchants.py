"""The resources of staff for merchants: keys, fee plans, origins, raw cards."""

from fincore.bootstrap.staff_services import StaffServices
from fincore.eventstore.idempotent_changes import IdempotentChanges
from fincore.http.resource import Resource
from fincore.staff.answers import Answers
from fincore.staff.merchants.agreement_handlers import AgreementHandlers
from fincore.staff.merchants.agreements import Agreements
from fincore.staff.merchants.handlers import MerchantHandlers
from fincore.staff.merchants.key_handlers import ApiKeyHandlers
from fincore.staff.proposing import Proposing
from fincore.write.merchants.fee_plans import FeePlans
from fincore.write.merchants.merchants import Merchants
from fincore.write.merchants.origins import Origins
from fincore.write.merchants.raw_card_decisions import RawCardDecisions


def merchant_resources(services: StaffServices) -> tuple[Resource, ...]:
    """The resources, in the order of the documentation."""
    store, admission, acts, clock = (
        services.stores.eventstore,
        services.admission,
        services.acts,
        services.clock,
    )
    merchants = Merchants(store, clock)
    agreements = Agreements(
        merchants, FeePlans(store, clock), Origins(store, clock), RawCardDecisions(store, clock)
    )
    proposing = Proposing(Answers(IdempotentChanges(store)))
    return (
        MerchantHandlers(admission, acts, merchants, clock),
        ApiKeyHandlers(admission, acts, proposing, merchants, clock),
        AgreementHandlers(admission, acts, proposing, agreements, clock),
    )
