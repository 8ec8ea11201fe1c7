"""What `fincore merchant` can do: merchants, what the platform charges them, their origins, and whether they send card numbers."""

from cyclopts import App

from fincore.backoffice import merchants as use_cases
from fincore.cli.arguments import By, Live, Merchant, Name, Origin, Reason
from fincore.cli.commands import COMMANDS
from fincore.cli.stores import on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.currency import Currency
from fincore.domain.fee_plan import FeePlan

merchants = App(name="merchant", help=COMMANDS["merchant"].help)
fee_plans = App(name="fee-plan", help="Fee plans: what the platform charges a merchant for each capture.")
merchants.command(fee_plans)
origins = App(
    name="origins", help="Origins: from which pages a merchant's customers may ask with a publishable key."
)
merchants.command(origins)
raw_cards = App(name="raw-cards", help="Raw cards: which merchants may send card numbers to the card edge.")
merchants.command(raw_cards)

IN_SCOPE = (
    "The live risk rules screen these requests before a card goes to a PSP; `fincore risk show` prints them. "
    "The merchant and this installation are in scope of PCI DSS SAQ D."
)


@merchants.command(name="create")
def create_merchant(name: Name) -> None:
    """Register a merchant and print its id."""
    show(on_stores(lambda stores: stores.merchants.create_merchant(name), "eventstore"))


@merchants.command(name="list")
def list_merchants() -> None:
    """List the merchants."""
    found = on_stores(lambda stores: stores.merchants.list_merchants(), "eventstore")
    show_table(
        ("id", "name", "created"),
        [(merchant.merchant_id, merchant.name, moment_text(merchant.created_at)) for merchant in found],
    )


@fee_plans.command(name="set")
def set_fee_plan(
    merchant_id: Merchant, currency: str, *, basis_points: int, fixed_minor: int = 0, by: By
) -> None:
    """Set the fee for each capture of a merchant in a currency. It counts for charges created from now on.

    Parameters
    ----------
    currency
        The currency of the captures, such as usd.
    basis_points
        The share of each capture, in hundredths of a percent: 290 is 2.9 %.
    fixed_minor
        The amount added for each capture, in the currency's minor unit.
    """
    plan = FeePlan(basis_points=basis_points, fixed_minor=fixed_minor)
    code = Currency(currency.lower())
    on_stores(lambda stores: stores.fee_plans.set(merchant_id, code, plan, by=by), "eventstore")
    show(f"{merchant_id} pays {basis_points} basis points and {fixed_minor} minor units a capture in {code}")


@fee_plans.command(name="list")
def list_fee_plans(merchant_id: Merchant) -> None:
    """List every fee plan of a merchant. In each currency the latest one counts."""
    found = on_stores(
        lambda stores: use_cases.list_fee_plans(stores.merchants, stores.fee_plans, merchant_id), "eventstore"
    )
    show_table(
        ("currency", "plan", "basis points", "fixed minor", "since", "by"),
        [
            (
                agreed.currency,
                str(agreed.plan_no),
                str(agreed.plan.basis_points),
                str(agreed.plan.fixed_minor),
                moment_text(agreed.set_at),
                agreed.set_by,
            )
            for agreed in found
        ],
    )


@origins.command(name="add")
def add_origin(merchant_id: Merchant, origin: Origin, *, live: Live = False) -> None:
    """Register an origin of a merchant, in test mode unless told otherwise. It counts within seconds."""
    added, is_new = on_stores(
        lambda stores: use_cases.add_origin(stores.origins, merchant_id, origin, livemode=live), "eventstore"
    )
    show(f"{'registered' if is_new else 'registered already:'} {added} in {_mode(live=live)} mode")


@origins.command(name="list")
def list_origins(merchant_id: Merchant) -> None:
    """List the origins of a merchant."""
    found = on_stores(
        lambda stores: use_cases.list_origins(stores.merchants, stores.origins, merchant_id), "eventstore"
    )
    show_table(
        ("origin", "mode", "since"),
        [(one.origin, _mode(live=one.livemode), moment_text(one.added_at)) for one in found],
    )


@origins.command(name="remove")
def remove_origin(merchant_id: Merchant, origin: Origin, *, live: Live = False) -> None:
    """Take an origin of a merchant out; its pages are refused within seconds."""
    removed = on_stores(
        lambda stores: use_cases.remove_origin(stores.origins, merchant_id, origin, livemode=live),
        "eventstore",
    )
    show(f"removed {removed} in {_mode(live=live)} mode")


@raw_cards.command(name="enable")
def enable_raw_cards(merchant_id: Merchant, *, live: Live = False, by: By, reason: Reason) -> None:
    """Let a merchant send card numbers to the card edge, in test mode unless told otherwise. It counts within seconds."""
    _decide_raw_cards(merchant_id, live=live, is_enabled=True, by=by, reason=reason)
    show(f"{merchant_id} may send card numbers in {_mode(live=live)} mode")
    show(IN_SCOPE)


@raw_cards.command(name="disable")
def disable_raw_cards(merchant_id: Merchant, *, live: Live = False, by: By, reason: Reason) -> None:
    """Let a merchant send no more card numbers. It counts within seconds; charges that were made stay."""
    _decide_raw_cards(merchant_id, live=live, is_enabled=False, by=by, reason=reason)
    show(f"{merchant_id} may not send card numbers in {_mode(live=live)} mode")


@raw_cards.command(name="show")
def show_raw_cards(merchant_id: Merchant) -> None:
    """Show every decision about a merchant. In each mode the latest one counts; without one nothing is allowed."""
    found = on_stores(
        lambda stores: use_cases.list_raw_card_decisions(stores.merchants, stores.raw_cards, merchant_id),
        "eventstore",
    )
    show_table(
        ("mode", "raw cards", "since", "by", "reason"),
        [
            (
                _mode(live=one.livemode),
                "enabled" if one.is_enabled else "disabled",
                moment_text(one.decided_at),
                one.decided_by,
                one.reason,
            )
            for one in found
        ],
    )


def _decide_raw_cards(merchant_id: Merchant, *, live: bool, is_enabled: bool, by: str, reason: str) -> None:
    on_stores(
        lambda stores: stores.raw_cards.add(
            merchant_id, livemode=live, is_enabled=is_enabled, by=by, reason=reason
        ),
        "eventstore",
    )


def _mode(*, live: bool) -> str:
    return "live" if live else "test"
