"""What is asked of charges, as a body: some filters are personal data, which belong into no address and no log."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from fincore.domain.currency import parse_currency
from fincore.domain.events import ChargeStatus
from fincore.domain.money import AMOUNT_MINOR_MAX
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.risk_review import ReviewStatus
from fincore.http.list_query import within_reach
from fincore.http.problems import Problem
from fincore.read.page import PAGE_ROWS_MAX
from fincore.read.paymentdb.search_terms import TERM_CHARACTERS_MAX
from fincore.read.paymentdb.staff_charge_walk import StaffChargeFilters, Wanted
from fincore.staff.payment_scope import NO_NUL, CursorField, MerchantField, ModeField

LIMIT_DEFAULT = 50
METADATA_PAIRS_MAX = 10

Amount = Annotated[int, Meta(ge=0, le=AMOUNT_MINOR_MAX)]
Word = Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_NUL)]
Term = Annotated[str, Meta(min_length=1, max_length=TERM_CHARACTERS_MAX, pattern=NO_NUL)]
Moment = Annotated[datetime, Meta(tz=True)]


class StaffChargeFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which charges; a filter that is left out, or null, does not filter."""

    mode: ModeField
    merchant: MerchantField = None
    status: Annotated[
        list[ChargeStatus], Meta(description="Only charges in one of these states.", max_length=7)
    ] = []
    amount_from_minor: Annotated[
        Amount | None, Meta(description="Only charges of this amount or more, in minor units.")
    ] = None
    amount_to_minor: Annotated[Amount | None, Meta(description="Only charges of this amount or less.")] = None
    currency: Annotated[Word | None, Meta(description="Only charges in this currency.")] = None
    created_from: Annotated[Moment | None, Meta(description="Only charges made at this time or later.")] = (
        None
    )
    created_before: Annotated[Moment | None, Meta(description="Only charges made earlier than this.")] = None
    psp: Annotated[Word | None, Meta(description="Only charges that are now at this PSP.")] = None
    psp_account: Annotated[Word | None, Meta(description="Only charges at this account of a PSP.")] = None
    brand: Annotated[Word | None, Meta(description="Only charges paid with a card of this brand.")] = None
    last4: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9]{4}$")] | None,
        Meta(description="Only charges paid with a card that ends so."),
    ] = None
    customer_email: Annotated[
        Term | None, Meta(description="Only charges of the customer with this address, in any letter case.")
    ] = None
    customer_email_prefix: Annotated[
        Term | None, Meta(description="Only charges of customers with an address that begins so.")
    ] = None
    psp_reference: Annotated[
        Term | None,
        Meta(description="Only the charge with this id at a PSP, of a payment, a refund or a dispute."),
    ] = None
    metadata: Annotated[
        dict[Word, Annotated[str, Meta(max_length=500, pattern=NO_NUL)]],
        Meta(description="Only charges that carry all of these pairs.", max_length=METADATA_PAIRS_MAX),
    ] = {}
    disputed: Annotated[
        bool | None, Meta(description="Only charges that the customer's bank questioned, or only the others.")
    ] = None
    outcome_unknown: Annotated[
        bool | None,
        Meta(
            description="Only charges of which it is not known what became of the pending operation, or only the others."
        ),
    ] = None
    review: Annotated[ReviewStatus | None, Meta(description="Only charges with a review that stands so.")] = (
        None
    )


class StaffChargeSearch(StaffChargeFilter, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which charges, and which page of them."""

    limit: Annotated[
        int, Meta(description="How many charges a page has, at most.", ge=1, le=PAGE_ROWS_MAX)
    ] = LIMIT_DEFAULT
    cursor: CursorField = None


def filters_of(request: StaffChargeFilter) -> StaffChargeFilters:
    """The filters of a request. Raises `field_invalid` and `currency_unknown`."""
    if request.customer_email is not None and request.customer_email_prefix is not None:
        raise Problem(
            "field_invalid",
            "Send customer_email or customer_email_prefix, not both.",
            param="customer_email_prefix",
        )
    currency = None if request.currency is None else parse_currency(request.currency)
    if request.currency is not None and currency is None:
        raise Problem("currency_unknown", param="currency")
    email = None
    if request.customer_email is not None:
        email = Wanted(request.customer_email)
    elif request.customer_email_prefix is not None:
        email = Wanted(request.customer_email_prefix, is_prefix=True)
    return StaffChargeFilters(
        statuses=tuple(dict.fromkeys(request.status)),
        amount_from_minor=request.amount_from_minor,
        amount_to_minor=request.amount_to_minor,
        currencies=() if currency is None else (currency,),
        created_from=request.created_from and within_reach(request.created_from),
        created_before=request.created_before and within_reach(request.created_before),
        psp=None if request.psp is None else PspName(request.psp),
        psp_account=None if request.psp_account is None else PspAccount(request.psp_account),
        brand=request.brand,
        last4=request.last4,
        email=email,
        reference=None if request.psp_reference is None else Wanted(request.psp_reference),
        metadata=request.metadata,
        disputed=request.disputed,
        unknown=request.outcome_unknown,
        review=request.review,
    )
