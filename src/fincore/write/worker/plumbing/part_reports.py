"""Reports that name a part of a charge's payment, for PSPs where what holds or took the money is another object than the payment.

Which parts a payment has, the PSP's own record of it says; what a part says of itself is no more than a reason to read that. Pure.
"""

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.outcome import Approved, DisputeReport, KnownOutcome, LaterReport, Pending, RefundReport
from fincore.domain.payment_method import HostedCard
from fincore.domain.refusal import Refusal
from fincore.write.psp.port import Look, WebhookReport


def is_about_a_part(charge: Charge, report: WebhookReport) -> bool:
    """Whether the payment that a report names may be a part of the charge's, and its record has to be read first.

    What the log knows as a part needs no look for what only names it: a refund, a dispute, a warning of fraud.
    """
    reference = report.payment_reference
    if not isinstance(charge.payment_method, HostedCard) or reference in (None, charge.psp_reference):
        return False
    is_known = reference is not None and charge.is_called(reference)
    return not (is_known and isinstance(report.content, LaterReport))


def seen_in_record(
    charge: Charge, report: WebhookReport, record: KnownOutcome | RefundReport | DisputeReport
) -> WebhookReport:
    """The report with what the PSP's record says instead; without its reference where that is a part that the record shows.

    A payment on a PSP's page may have been tried and refused, and its record shows no part then. A report that shows no money
    needs none: there is nothing in it that could be missed.
    """
    reference, seen = report.payment_reference, msgspec.structs.replace(report, content=record)
    if not isinstance(charge.payment_method, HostedCard) or report.unreadable is not None:
        return seen
    parts = record.sub_references if isinstance(record, Approved | Pending) else ()
    is_shown = any(part.psp_reference == reference for part in parts)
    shows_no_money = not isinstance(report.content, Approved | Pending | Look)
    if is_shown or shows_no_money:
        return msgspec.structs.replace(seen, payment_reference=None)
    return seen


def other_payment(charge: Charge, report: WebhookReport) -> Refusal | None:
    """Why a report is not about the charge's payment, although metadata at the PSP says that it is."""
    reference = report.payment_reference
    if reference is None or charge.psp_reference is None or charge.is_called(reference):
        return None
    return Refusal(
        "psp_reference_differs",
        f"the charge is {charge.psp_reference} at the PSP, and the report is about {reference}",
    )
