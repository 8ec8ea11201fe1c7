"""PayPal's disputes as the gateway reads them off the sandbox, over real HTTP: what is held, taken and given back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from fincore.domain.ids import new_charge_id
from fincore.domain.outcome import Approved, DisputeMovements, DisputeReport, PspReference, Unknown
from fincore.domain.payment_method import PayPalVaultToken
from fincore.write.psp.paypal.gateway import PayPalGateway
from fincore.write.psp.port import DisputeInquiry, NotFound
from fixtures.paypal_sandbox import kept_wallet
from fixtures.paypal_stub import TEST, USD_19_99, paypal_authorization, paypal_gateway
from fixtures.sandbox import SandboxProcess

USD = USD_19_99.currency
FEE_MINOR = 1_500


@pytest.fixture
async def gateway(psp_sandbox: SandboxProcess) -> AsyncIterator[PayPalGateway]:
    gateway = paypal_gateway(psp_sandbox.url)
    yield gateway
    await gateway.close()


@pytest.fixture
def wallet(psp_sandbox: SandboxProcess) -> PayPalVaultToken:
    """A wallet that PayPal keeps."""
    return kept_wallet(psp_sandbox.url)


async def paid_with(gateway: PayPalGateway, wallet: PayPalVaultToken) -> Approved:
    outcome = await gateway.authorize(paypal_authorization(new_charge_id(), payment_method=wallet))
    assert isinstance(outcome, Approved)
    return outcome


@pytest.fixture
async def payment(gateway: PayPalGateway, wallet: PayPalVaultToken) -> Approved:
    """19.99 US dollars, taken from it."""
    return await paid_with(gateway, wallet)


def capture_of(payment: Approved) -> PspReference:
    return next(one.psp_reference for one in payment.sub_references if one.kind == "capture")


def disputed(sandbox: SandboxProcess, payment: Approved, **order: Any) -> PspReference:
    path = f"/sandbox/paypal/captures/{capture_of(payment)}/dispute"
    return PspReference(str(sandbox.call("POST", path, order)["dispute_id"]))


def moved(sandbox: SandboxProcess, dispute: PspReference, step: str) -> None:
    sandbox.call("POST", f"/sandbox/paypal/disputes/{dispute}/{step}", {})


async def asked(
    gateway: PayPalGateway, payment: Approved, dispute: PspReference, *known: DisputeMovements
) -> DisputeReport:
    report = await gateway.inquire_dispute(
        DisputeInquiry(
            psp_account=TEST,
            payment_reference=payment.psp_reference,
            psp_reference=dispute,
            capture=capture_of(payment),
            known=known,
        )
    )
    assert isinstance(report, DisputeReport), report
    assert report.money == USD_19_99
    return report


async def test_inquiry_is_read_as_held_and_then_as_released(
    psp_sandbox: SandboxProcess, gateway: PayPalGateway, payment: Approved
) -> None:
    dispute = disputed(psp_sandbox, payment)
    held = await asked(gateway, payment, dispute)
    assert (held.is_inquiry, held.status) == (True, "needs_response")
    assert held.movements == (DisputeMovements(currency=USD, held_minor=1_999),)
    assert held.evidence_due_by is not None
    moved(psp_sandbox, dispute, "win")
    won = await asked(gateway, payment, dispute, *held.movements)
    assert (won.status, won.evidence_due_by) == ("won", None)
    assert won.movements == (DisputeMovements(currency=USD, held_minor=1_999, released_minor=1_999),)


async def test_lost_claim_is_read_as_released_and_taken_with_a_fee(
    psp_sandbox: SandboxProcess, gateway: PayPalGateway, payment: Approved
) -> None:
    dispute = disputed(psp_sandbox, payment)
    moved(psp_sandbox, dispute, "escalate")
    claim = await asked(gateway, payment, dispute)
    assert (claim.is_inquiry, claim.status) == (False, "needs_response")
    moved(psp_sandbox, dispute, "lose")
    lost = await asked(gateway, payment, dispute, *claim.movements)
    assert lost.status == "lost"
    assert lost.movements == (
        DisputeMovements(
            currency=USD,
            held_minor=1_999,
            released_minor=1_999,
            withdrawn_minor=1_999,
            withdrawn_fee_minor=FEE_MINOR,
        ),
    )


async def test_won_chargeback_is_read_as_taken_and_given_back(
    psp_sandbox: SandboxProcess, gateway: PayPalGateway, payment: Approved
) -> None:
    dispute = disputed(psp_sandbox, payment, stage="CHARGEBACK")
    taken = DisputeMovements(currency=USD, withdrawn_minor=1_999, withdrawn_fee_minor=FEE_MINOR)
    opened = await asked(gateway, payment, dispute)
    assert (opened.is_inquiry, opened.movements) == (False, (taken,))
    moved(psp_sandbox, dispute, "win")
    won = await asked(gateway, payment, dispute)
    assert (won.status, won.movements[0].reinstated_minor) == ("won", 1_999)
    moved(psp_sandbox, dispute, "pre_arbitration")
    again = await asked(gateway, payment, dispute)
    assert (again.status, again.movements[0].withdrawn_minor) == ("under_review", 2 * 1_999)


async def test_payout_by_paypal_takes_nothing_from_us(
    psp_sandbox: SandboxProcess, gateway: PayPalGateway, payment: Approved
) -> None:
    dispute = disputed(psp_sandbox, payment, holds=False)
    moved(psp_sandbox, dispute, "payout")
    paid = await asked(gateway, payment, dispute)
    assert (paid.status, paid.movements) == ("won", ())


async def test_dispute_of_another_payment_is_unknown(
    psp_sandbox: SandboxProcess, gateway: PayPalGateway, payment: Approved, wallet: PayPalVaultToken
) -> None:
    other = await paid_with(gateway, wallet)
    inquiry = DisputeInquiry(
        psp_account=TEST,
        payment_reference=payment.psp_reference,
        psp_reference=disputed(psp_sandbox, other),
        capture=capture_of(payment),
    )
    assert isinstance(await gateway.inquire_dispute(inquiry), Unknown)
    nowhere = DisputeInquiry(
        psp_account=TEST, payment_reference=payment.psp_reference, psp_reference=PspReference("PP-R-X-1")
    )
    assert await gateway.inquire_dispute(nowhere) == NotFound()
