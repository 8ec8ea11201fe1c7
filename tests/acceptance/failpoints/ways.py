"""Which scenario reaches which place, and the steps of the walk that follow from it."""

import itertools
from collections import defaultdict
from collections.abc import Mapping
from typing import Final, NamedTuple

from acceptance.failpoints import (
    alone,
    disputes,
    failovers,
    functions,
    payments,
    refunds,
    reports,
    reviews,
    risk,
    sessions,
    settlement,
    wallets,
)
from acceptance.failpoints.scene import Story


class Way(NamedTuple):
    """Which role reaches a place, and in which scenario. `is_alone`: no other scenario may be under way."""

    role: str
    story: Story
    is_alone: bool = False


WAYS: Final[Mapping[str, Way]] = {
    "commit.charge.capture_failed": Way("worker", alone.be_refused_the_capture, is_alone=True),
    "commit.charge.cancel_failed": Way("worker", alone.be_refused_the_cancellation, is_alone=True),
    "commit.charge.outcome_decided": Way("operator", alone.be_decided_by_a_person, is_alone=True),
    "risk": Way("api", risk.be_counted_once, is_alone=True),
    "commit.charge.risk_assessed": Way("api", risk.be_blocked, is_alone=True),
    "commit.charge.review_opened": Way("worker", reviews.be_held_for_staff, is_alone=True),
    "commit.charge.review_decided": Way("operator", reviews.be_approved_by_staff, is_alone=True),
    "commit.refund.corrected": Way("worker", alone.be_given_back_after_all, is_alone=True),
    "commit.charge.instrument_told": Way("worker", alone.be_told_the_card_later, is_alone=True),
    "psp.authorize": Way("worker", payments.pay),
    "psp.capture": Way("worker", payments.capture),
    "psp.cancel": Way("worker", payments.cancel),
    "psp.refund": Way("worker", refunds.give_back),
    "psp.inquire": Way("worker", payments.lose_the_capture),
    "psp.inquire_refund": Way("worker", refunds.lose_the_refund),
    "psp.charge_of": Way("worker", alone.be_disputed_before_it_is_known, is_alone=True),
    "card_token": Way("worker", payments.pay_by_kept_card),
    "commit.charge.created": Way("api", payments.pay),
    "commit.charge.authorized": Way("worker", payments.hold),
    "commit.charge.captured": Way("worker", payments.pay),
    "commit.charge.receipt_omitted": Way("worker", payments.pay_without_receipt),
    "commit.charge.failed": Way("worker", payments.be_declined),
    "commit.charge.action_required": Way("worker", payments.authenticate),
    "commit.charge.outcome_unknown": Way("worker", payments.lose_the_capture),
    "commit.charge.canceled": Way("worker", payments.cancel),
    "commit.charge.expired": Way("worker", payments.let_lapse),
    "commit.charge.capture_requested": Way("api", payments.capture),
    "commit.charge.cancel_requested": Way("api", payments.cancel),
    "commit.charge.fee_assessed": Way("worker", payments.learn_the_fee_later),
    "commit.charge.corrected": Way("worker", payments.be_paid_after_all),
    "commit.charge.report_held": Way("worker", reports.be_told_of_an_unknown_status),
    "commit.charge.report_released": Way("operator", reports.be_released_by_a_person, is_alone=True),
    "commit.refund.requested": Way("api", refunds.give_back),
    "commit.refund.outcome_unknown": Way("worker", refunds.lose_the_refund),
    "commit.refund.pending": Way("worker", refunds.give_back_later),
    "commit.refund.succeeded": Way("worker", refunds.give_back),
    "commit.refund.failed": Way("worker", refunds.give_back_in_vain),
    "commit.charge.fraud_warned": Way("worker", disputes.be_warned_of_fraud),
    "commit.charge.fraud_warning_updated": Way("worker", disputes.give_back_what_was_warned_of),
    "commit.dispute.opened": Way("worker", disputes.be_disputed),
    "commit.dispute.updated": Way("worker", disputes.answer_the_dispute),
    "commit.dispute.funds_withdrawn": Way("worker", disputes.be_asked_and_then_disputed),
    "commit.dispute.funds_reinstated": Way("worker", disputes.get_the_money_back),
    "commit.dispute.won": Way("worker", disputes.win_the_dispute),
    "commit.dispute.lost": Way("worker", disputes.lose_the_dispute),
    "commit.dispute.closed": Way("worker", disputes.be_asked_and_no_more),
    "psp.complete": Way("worker", wallets.approve),
    "commit.charge.customer_approved": Way("worker", wallets.approve_a_hold),
    "commit.charge.pending": Way("worker", wallets.pay_by_echeck),
    "psp.inquire_dispute": Way("worker", wallets.release_what_was_put_aside),
    "commit.dispute.funds_held": Way("worker", wallets.put_money_aside),
    "commit.dispute.funds_released": Way("worker", wallets.release_what_was_put_aside),
    "commit.charge.rerouted": Way("worker", failovers.go_on_to_the_next_account, is_alone=True),
    "commit.charge.attempt_captured": Way("worker", failovers.give_back_what_came_late),
    "commit.charge.attempt_reversed": Way("worker", failovers.give_back_what_came_late),
    "commit.charge.attempt_authorized": Way("worker", failovers.release_what_is_held_late),
    "commit.charge.attempt_released": Way("worker", failovers.release_what_is_held_late),
    "commit.charge.attempt_reversal_failed": Way("worker", failovers.find_nothing_to_give_back),
    "commit.checkout_session.created": Way("api", sessions.pay_a_session),
    "commit.checkout_session.attempt_started": Way("customer", sessions.pay_a_session),
    "commit.checkout_session.completed": Way("worker", sessions.pay_a_session),
    "commit.checkout_session.switch_requested": Way("customer", sessions.pay_otherwise),
    "commit.checkout_session.attempt_closed": Way("worker", sessions.pay_otherwise),
    "commit.checkout_session.expiry_requested": Way("api", sessions.end_while_the_customer_pays),
    "commit.checkout_session.expired": Way("api", sessions.end_while_nothing_is_payable),
    "commit.checkout_session.paid_again": Way("worker", sessions.pay_twice),
    "commit.checkout_session.payment_returned": Way("worker", sessions.pay_twice),
    "commit.webhook": Way("api", payments.pay),
    "commit.response": Way("api", payments.pay_and_wait),
    "effects.projectionist": Way("projectionist", payments.pay),
    "effects.ledger": Way("ledger", payments.pay),
    "effects.notify": Way("notify", payments.pay),
    "effects.risk": Way("risk", payments.pay),
    "delivery": Way("notify", payments.pay),
    "settlement_fetch": Way("reconciliation", settlement.be_told_of_by_a_file, is_alone=True),
    "evidence": Way("reconciliation", settlement.be_told_of_by_a_file, is_alone=True),
    "settlement_file": Way("reconciliation", settlement.be_told_of_by_a_file, is_alone=True),
}
"""A place, without `before` and `after` -> how it is come to."""
FURTHER_WAYS: Final = (
    ("commit.charge.review_decided", Way("operator", reviews.be_declined_by_staff, is_alone=True)),
    ("commit.charge.review_decided", Way("worker", reviews.be_decided_by_no_person, is_alone=True)),
)
"""Places that are come to in another way, too."""
WAYS_ON_AWS: Final = (
    ("relay_events", Way("relay", payments.pay)),
    ("relay_checkpoint", Way("relay", payments.pay)),
    ("relay_jobs", Way("relay", payments.pay)),
    ("job_claim", Way("worker", payments.pay)),
    ("job_result", Way("worker", payments.pay)),
    ("job_message", Way("worker", payments.pay)),
    ("effects.notify", Way("fan-out", payments.pay)),
    ("effects.projectionist", Way("projectionist-doorbell", payments.pay)),
    ("job_claim", Way("worker-function", functions.pay_by_a_function, is_alone=True)),
    ("job_result", Way("worker-function", functions.pay_by_a_function, is_alone=True)),
    ("psp.authorize", Way("worker-function", functions.pay_by_a_function, is_alone=True)),
    ("commit.charge.captured", Way("worker-function", functions.pay_by_a_function, is_alone=True)),
)
"""What else is come to where events and jobs are carried outside PostgreSQL. Functions do the work of the roles projectionist and ledger there."""


class Step(NamedTuple):
    """One scenario, and where the processes that carry it out are killed: the name of a failpoint for each role."""

    way: Way
    doomed: Mapping[str, str]

    @property
    def name(self) -> str:
        """The step in words."""
        return f"{self.way.story.__name__}, dying at {', '.join(self.doomed.values())}"


def steps(*, on_aws: bool) -> list[Step]:
    """Every failpoint once for each way to it; in the same scenario, one of each role is killed in the same step."""
    by_story: dict[Story, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    ways = (*WAYS.items(), *FURTHER_WAYS, *(WAYS_ON_AWS if on_aws else ()))
    for where, way in ways:
        by_story[way.story][way.role] += [f"{where}.before", f"{where}.after"]
    found: list[Step] = []
    for way in dict.fromkeys(way for _, way in ways):
        roles = by_story.pop(way.story, {})
        for names in itertools.zip_longest(*roles.values()):
            doomed = {role: name for role, name in zip(roles, names, strict=True) if name}
            found.append(Step(way, doomed))
    return sorted(found, key=lambda step: not step.way.is_alone)
