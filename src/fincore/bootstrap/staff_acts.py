"""The resources of what staff do with charges, breaks and proposals."""

from fincore.bootstrap.staff_act_services import act_services
from fincore.bootstrap.staff_services import StaffServices
from fincore.eventstore.idempotent_changes import IdempotentChanges
from fincore.http.resource import Resource
from fincore.staff.answers import Answers
from fincore.staff.break_acts.handlers import BreakActs
from fincore.staff.charge_acts.handlers import ChargeActs
from fincore.staff.charge_decisions.handlers import ChargeDecisions
from fincore.staff.people.handlers import PeopleHandlers
from fincore.staff.proposals.handlers import ProposalHandlers
from fincore.staff.proposals.proposers import Proposers
from fincore.staff.proposing import Proposing


def acts_resources(services: StaffServices) -> tuple[Resource, ...]:
    """The resources, in the order of the documentation."""
    stores, admission, acts = services.stores, services.admission, services.acts
    behind = act_services(
        stores,
        services.limits,
        writer=services.writer,
        watch=services.watch,
        log=services.log,
        clock=services.clock,
        accounts=services.accounts,
    )
    answers = Answers(IdempotentChanges(stores.eventstore))
    proposing = Proposing(answers)
    return (
        ChargeActs(
            admission,
            acts=acts,
            answers=answers,
            proposing=proposing,
            refunds=behind.refunds,
            operations=behind.operations,
            decisions=behind.charges,
        ),
        ChargeDecisions(admission, acts=acts, decisions=behind.charges),
        BreakActs(
            admission,
            acts=acts,
            answers=answers,
            proposing=proposing,
            adjustments=behind.adjustments,
        ),
        ProposalHandlers(
            admission,
            acts=acts,
            answers=answers,
            proposals=behind.proposals,
            decisions=behind.decisions,
            proposers=Proposers(behind.people),
        ),
        PeopleHandlers(
            admission,
            acts=acts,
            proposing=proposing,
            keeper=behind.people,
            keeps_people=services.keeps_people,
        ),
    )
