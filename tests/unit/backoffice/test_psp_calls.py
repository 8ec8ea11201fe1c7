"""The calls of PSPs that a charge's events tell of."""

import pytest

from fincore.backoffice.psp_calls import calls_of
from fincore.domain.charge_fold import fold
from fincore.domain.events import CaptureRequested, ChargeEvent, ChargeOutcomeUnknown
from fincore.domain.ids import charge_of
from fixtures.commits import NOON, captured, created, new_stream
from fixtures.traffic import aftermaths, authorized, failovers, fates, recorded, refunded, refunding


@pytest.mark.parametrize(
    "life", [*fates(), *aftermaths(), *failovers()], ids=lambda life: type(life[-1]).__name__
)
def test_calls_agree_with_what_the_charge_waits_for(life: tuple[ChargeEvent, ...]) -> None:
    """One call is open for the pending operation, one for each refund of ours that is under way, and no other."""
    stream = new_stream()
    charge = fold(life)
    assert charge is not None
    calls = calls_of(charge_of(stream), recorded(stream, *life))
    assert len({call.key for call in calls}) == len(calls)
    assert calls[0].kind == "authorize"
    refunds = [
        refund for refund in charge.refunds if refund.origin != "psp" and refund.status == "processing"
    ]
    # The PSP has said of one that is pending that it will carry it out.
    answered = [call for call in calls if call.outcome is None and call.kind not in ("refund", "reverse")]
    assert len(answered) == (0 if charge.operation is None else 1)
    unknown = [call for call in calls if call.is_unknown and call.kind not in ("refund", "reverse")]
    assert len(unknown) == (0 if charge.unknown_since is None else 1)
    open_refunds = [call for call in calls if call.kind == "refund" and call.outcome is None]
    assert len(open_refunds) == len(refunds)


def test_request_ids_stand_beside_the_call_they_answered() -> None:
    """Those of a capture's answers are not those of the authorization, nor of a refund under way beside it."""
    stream = new_stream()
    asked, refund = CaptureRequested(amount_minor=1_000, requested_at=NOON), refunding(5)
    unknown = ChargeOutcomeUnknown(reason="timeout", since=NOON, operation="capture")
    events = recorded(stream, created(), authorized(), asked, unknown, captured(), refund, refunded(refund))
    ids = {number: (f"req_{number}",) for number in range(1, 8)}
    assert [(call.kind, call.psp_request_ids) for call in calls_of(charge_of(stream), events, ids)] == [
        ("authorize", ("req_2",)),
        ("capture", ("req_4", "req_5")),
        ("refund", ("req_6", "req_7")),
    ]


def test_a_refund_made_at_the_psp_is_no_call_of_ours() -> None:
    stream = new_stream()
    events = recorded(stream, created(), captured(), refunding(5, origin="psp"))
    assert [call.kind for call in calls_of(charge_of(stream), events)] == ["authorize"]
