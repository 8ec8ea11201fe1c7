"""PayPal's issues: each of the calls that FinCore makes has a row, and what no row holds stays open."""

import json
from pathlib import Path
from typing import get_args

import pytest

from fincore.write.psp.paypal.error_policy import error_meaning
from fincore.write.psp.paypal.issue_table import (
    ISSUES,
    Ask,
    CustomerMustAct,
    Gone,
    IssueMeaning,
    Look,
    Refused,
    Repeat,
)
from fincore.write.psp.paypal.response import Response
from fincore.write.psp.paypal.wire import ErrorDetail, PayPalError

ISSUES_FILE = Path(__file__).parents[3] / "../shared/data/paypal/issues_by_operation.json"
CALLED = (
    "POST /v2/checkout/orders",
    "GET /v2/checkout/orders/{id}",
    "POST /v2/checkout/orders/{id}/capture",
    "POST /v2/checkout/orders/{id}/authorize",
    "POST /v2/payments/authorizations/{authorization_id}/capture",
    "POST /v2/payments/authorizations/{authorization_id}/reauthorize",
    "POST /v2/payments/authorizations/{authorization_id}/void",
    "GET /v2/payments/captures/{capture_id}",
    "POST /v2/payments/captures/{capture_id}/refund",
    "GET /v2/payments/refunds/{refund_id}",
)


def documented() -> dict[str, set[str]]:
    """Call -> the issues that PayPal's specifications list for it, of all statuses."""
    if not ISSUES_FILE.exists():
        pytest.skip(f"PayPal's official data is kept outside the repository, and is not at {ISSUES_FILE}")
    found: dict[str, set[str]] = {}
    for named, issues in json.loads(ISSUES_FILE.read_text()).items():
        found.setdefault(named.rpartition(" ")[0], set()).update(issues)
    return found


def answered(status: int, *issues: str, name: str = "UNPROCESSABLE_ENTITY") -> Response[None]:
    error = PayPalError(name=name, details=tuple(ErrorDetail(issue=issue) for issue in issues))
    return Response(status=status, body=None, error=error, debug_id="d3bug")


def test_each_issue_of_a_call_fincore_makes_has_a_row() -> None:
    of_calls = documented()
    assert set(CALLED) <= of_calls.keys()
    assert set().union(*(of_calls[call] for call in CALLED)) - ISSUES.keys() == set()


def test_each_row_is_of_an_issue_paypal_documents() -> None:
    """A row with a misspelt issue would never be found."""
    assert ISSUES.keys() - set().union(*documented().values()) == set()


def test_issue_of_a_call_never_made_is_unknown_by_default() -> None:
    of_calls = documented()
    others = set().union(*of_calls.values()) - set().union(*(of_calls[call] for call in CALLED))
    assert len(others) > 20
    for issue in others - ISSUES.keys():
        assert isinstance(error_meaning(answered(422, issue)), Ask)


def test_rows_of_issues_use_every_meaning() -> None:
    assert {type(meaning) for meaning in ISSUES.values()} == set(get_args(IssueMeaning))


@pytest.mark.parametrize(
    ("issue", "meaning"),
    [
        ("ORDER_ALREADY_CAPTURED", Look),
        ("ORDER_ALREADY_AUTHORIZED", Look),
        ("ORDER_COMPLETION_IN_PROGRESS", Look),
        ("AUTHORIZATION_ALREADY_CAPTURED", Look),
        ("PREVIOUSLY_VOIDED", Look),
        ("PREVIOUSLY_CAPTURED", Look),
        ("CANNOT_BE_VOIDED", Look),
        ("DUPLICATE_INVOICE_ID", Look),
        ("ORDER_NOT_APPROVED", Repeat),
        ("PENDING_CAPTURE", Repeat),
        ("ORDER_EXPIRED", Gone),
        ("INSTRUMENT_DECLINED", CustomerMustAct),
        ("PAYER_ACTION_REQUIRED", CustomerMustAct),
        ("COMPLIANCE_VIOLATION", Refused),
        ("PAYEE_ACCOUNT_RESTRICTED", Refused),
        ("PREVIOUS_REQUEST_IN_PROGRESS", Ask),
    ],
)
def test_issue_that_decides_over_money_keeps_its_meaning(issue: str, meaning: type) -> None:
    assert isinstance(ISSUES[issue], meaning)


@pytest.mark.parametrize(
    ("status", "issues"),
    [
        (500, ("INSTRUMENT_DECLINED",)),
        (503, ()),
        (409, ("PREVIOUS_REQUEST_IN_PROGRESS",)),
        (422, ()),
        (422, ("SOMETHING_NEW",)),
        (422, ("CARD_EXPIRED", "SOMETHING_NEW")),
        (422, ("CARD_EXPIRED", "ORDER_ALREADY_CAPTURED")),
        (400, ("SOMETHING_NEW",)),
        (404, ()),
        (302, ()),
        (418, ("CARD_EXPIRED",)),
    ],
)
def test_error_that_does_not_decide_is_to_be_asked_about(status: int, issues: tuple[str, ...]) -> None:
    assert isinstance(error_meaning(answered(status, *issues)), Ask)


def test_error_without_readable_body_is_to_be_asked_about() -> None:
    unread: Response[None] = Response(status=422, body=None, error=None, debug_id=None)
    assert isinstance(error_meaning(unread), Ask)


@pytest.mark.parametrize("status", [401, 403, 429])
def test_call_that_paypal_turned_away_may_be_repeated(status: int) -> None:
    meaning = error_meaning(answered(status, "CARD_EXPIRED"))
    assert isinstance(meaning, Repeat)
    assert meaning.after_seconds > 0


def test_issues_that_agree_decide_together() -> None:
    assert error_meaning(answered(400, "INVALID_PARAMETER_VALUE", "MISSING_REQUIRED_PARAMETER")) == Refused(
        "psp_rejected_request", "do_not_retry"
    )
