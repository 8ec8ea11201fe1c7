"""A new order from what a merchant asks for: amounts and sums are checked, what is shown again is kept. Pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from psp_sandbox.paypal import cards
from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.money import positive_amount, read_amount
from psp_sandbox.paypal.records import Order, PaymentToken, Saving, Unit
from psp_sandbox.paypal.requests import (
    CreateOrder,
    ExperienceContext,
    Item,
    PurchaseUnit,
    SourceAttributes,
)

SHOWN_AGAIN = (
    "amount",
    "custom_id",
    "description",
    "invoice_id",
    "items",
    "payment_instruction",
    "shipping",
    "soft_descriptor",
)
"""Fields of a purchase unit that PayPal shows as they came."""
ADDED = ("item_total", "shipping", "handling", "tax_total", "insurance")
TAKEN_OFF = ("shipping_discount", "discount")
WHOLE_ISSUE = "DECIMAL_PRECISION"
"""What creating an order calls decimals of a currency that has none."""


def new_order(
    given: CreateOrder,
    raw_units: list[Mapping[str, object]],
    kept: PaymentToken | None,
    *,
    order_id: str,
    account: str,
    now: int,
    new_id: Callable[[], str],
) -> Order:
    """The order that waits for its payer, or that is paid next: by card, or with `kept`. Raises Refusal."""
    units = tuple(_unit(unit, raw) for unit, raw in zip(given.purchase_units, raw_units, strict=True))
    _check_together(given, units)
    source = given.payment_source
    wallet = None if source is None else source.paypal
    card = None if source is None else source.card
    if kept is not None:
        return Order(
            id=order_id,
            account=account,
            intent=given.intent,
            status="APPROVED",
            units=units,
            created_at=now,
            updated_at=now,
            approval_rel=None,
            wallet=kept.card is None,
            card=kept.card,
            payer=kept.payer,
            instrument=kept.instrument,
        )
    if card is not None:
        return Order(
            id=order_id,
            account=account,
            intent=given.intent,
            status="APPROVED",
            units=units,
            created_at=now,
            updated_at=now,
            approval_rel=None,
            card=cards.kept_card(card, today=datetime.fromtimestamp(now, UTC).date()),
            instrument=cards.instrument_of(card),
            saving=_saving(card.attributes, new_id),
        )
    legacy = wallet is None
    context = (
        given.application_context if wallet is None else wallet.experience_context
    ) or ExperienceContext()
    return Order(
        id=order_id,
        account=account,
        intent=given.intent,
        status="CREATED" if legacy else "PAYER_ACTION_REQUIRED",
        units=units,
        created_at=now,
        updated_at=now,
        approval_rel="approve" if legacy else "payer-action",
        return_url=context.return_url,
        cancel_url=context.cancel_url,
        brand_name=context.brand_name,
        wallet=not legacy,
        saving=None if wallet is None else _saving(wallet.attributes, new_id),
    )


def _saving(attributes: SourceAttributes, new_id: Callable[[], str]) -> Saving | None:
    if attributes.vault is None:
        return None
    return Saving(customer_id=attributes.customer.id or new_id(), token_id=new_id().lower())


def _unit(unit: PurchaseUnit, raw: Mapping[str, object]) -> Unit:
    pointer = f"/purchase_units/@reference_id=='{unit.reference_id}'"
    given = unit.amount
    field = f"{pointer}/amount"
    amount = positive_amount(given.currency_code, given.value, field=field, whole_issue=WHOLE_ISSUE)
    _check_sums(unit, amount.minor, pointer)
    return Unit(
        reference_id=unit.reference_id,
        amount=amount,
        custom_id=unit.custom_id,
        invoice_id=unit.invoice_id,
        given={name: raw[name] for name in SHOWN_AGAIN if raw.get(name) is not None},
    )


def _check_together(given: CreateOrder, units: tuple[Unit, ...]) -> None:
    if len(units) == 1:
        return
    if given.intent == "AUTHORIZE":
        raise Refusal("UNSUPPORTED_INTENT", field="/intent", value=given.intent)
    if len({unit.amount.currency for unit in units}) > 1:
        raise Refusal("MULTI_CURRENCY_ORDER", field="/purchase_units")
    if len({unit.reference_id for unit in units}) < len(units):
        raise Refusal("DUPLICATE_REFERENCE_ID", field="/purchase_units")


def _check_sums(unit: PurchaseUnit, amount_minor: int, pointer: str) -> None:
    """Raises Refusal: the parts do not add up to the amount, or the items to their parts."""
    breakdown = unit.amount.breakdown or {}
    currency = unit.amount.currency_code

    def part(name: str) -> int:
        money = breakdown.get(name)
        if money is None:
            return 0
        if money.currency_code != currency:
            raise Refusal("MULTI_CURRENCY_ORDER", field=f"{pointer}/amount/breakdown/{name}/currency_code")
        field = f"{pointer}/amount/breakdown/{name}"
        return read_amount(currency, money.value, field=field, whole_issue=WHOLE_ISSUE).minor

    if breakdown and sum(map(part, ADDED)) - sum(map(part, TAKEN_OFF)) != amount_minor:
        raise Refusal("AMOUNT_MISMATCH", field=f"{pointer}/amount/value", value=unit.amount.value)
    if not unit.items:
        return
    if "item_total" not in breakdown:
        raise Refusal("ITEM_TOTAL_REQUIRED", field=f"{pointer}/amount/breakdown/item_total")
    if sum(_item_minor(item, pointer) for item in unit.items) != part("item_total"):
        raise Refusal("ITEM_TOTAL_MISMATCH", field=f"{pointer}/amount/breakdown/item_total/value")


def _item_minor(item: Item, pointer: str) -> int:
    price = item.unit_amount
    field = f"{pointer}/items/unit_amount"
    each = read_amount(price.currency_code, price.value, field=field, whole_issue=WHOLE_ISSUE)
    return each.minor * int(item.quantity)
