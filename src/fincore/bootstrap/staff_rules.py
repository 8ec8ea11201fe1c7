"""The resources of staff for routing rules, risk rules and accounts at PSPs."""

from functools import partial

from fincore.backoffice.home_page import read_breakers
from fincore.bootstrap.psp_limits import LIMITS
from fincore.bootstrap.staff_services import StaffServices
from fincore.eventstore.idempotent_changes import IdempotentChanges
from fincore.http.resource import Resource
from fincore.staff.answers import Answers
from fincore.staff.proposing import Proposing
from fincore.staff.psp_accounts.handlers import PspAccountHandlers
from fincore.staff.risk_lists.handlers import RiskListHandlers
from fincore.staff.risk_rules.handlers import RiskRuleHandlers
from fincore.staff.risk_rules.trial_handlers import RiskTrialHandlers
from fincore.staff.routing_rules.handlers import RoutingRuleHandlers
from fincore.write.risk.lists import RiskLists
from fincore.write.risk.rule_versions import RiskRuleVersions
from fincore.write.routing.breaker import BreakerPolicy
from fincore.write.routing.breaker_store import BreakerStore
from fincore.write.routing.rule_store import RuleStore


def rule_resources(services: StaffServices) -> tuple[Resource, ...]:
    """The resources, in the order of the documentation."""
    store, admission, acts = services.stores.eventstore, services.admission, services.acts
    proposing = Proposing(Answers(IdempotentChanges(store)))
    versions, lists = RiskRuleVersions(store), RiskLists(store)
    breakers = BreakerStore(store, BreakerPolicy())
    return (
        RoutingRuleHandlers(admission, acts, proposing, RuleStore(store), services.accounts),
        RiskTrialHandlers(
            admission,
            store=versions,
            lists=lists,
            log=services.log,
            limits=LIMITS,
            clock=services.clock,
        ),
        RiskRuleHandlers(admission, acts, proposing, versions, services.clock),
        RiskListHandlers(admission, acts, proposing, lists, services.clock),
        PspAccountHandlers(admission, services.accounts, partial(read_breakers, breakers)),
    )
