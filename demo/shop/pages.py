"""The shop's pages, filled with what the shop and FinCore know."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Final, NamedTuple

from demo.shop.back_end import CURRENCY, PRICE_MINOR, PRODUCT, BackEnd, Charge, Refusal
from demo.shop.orders import Order, Orders

FOLDER: Final = Path(__file__).parent
PRICE: Final = f"€{PRICE_MINOR / 100:.2f}"
AGAIN: Final = '<a class="button" href="/?order={}">Try again</a>'
NEW: Final = '<a class="button" href="/">Buy another</a>'


class ShopSettings(NamedTuple):
    """What the page needs of FinCore: its server for customers, the script there with its hash, the PSPs' origins, and the key."""

    checkout_url: str
    script_path: str
    script_integrity: str
    psp_origins: tuple[str, ...]
    publishable_key: str


class Shop:
    """The shop at `url`: its orders, its pages, its back end."""

    def __init__(self, url: str, settings: ShopSettings, back_end: BackEnd) -> None:
        self.orders = Orders()
        self.back_end = back_end
        self._url = url
        self._settings = settings

    def policy(self) -> str:
        """The content security policy of all pages: the shop, FinCore and the PSPs, and no inline code."""
        settings = self._settings
        psps = " ".join(settings.psp_origins)
        fincore = settings.checkout_url
        return (
            f"default-src 'none'; script-src 'self' {fincore} {psps}; style-src 'self'; connect-src 'self' {fincore}; "
            f"frame-src {fincore} {psps}; form-action 'self' {fincore} {psps}; base-uri 'none'; frame-ancestors 'none'"
        )

    def page(self, order: Order) -> str:
        """Where the customer pays an order."""
        settings = self._settings
        return _filled(
            "page.html",
            script_url=settings.checkout_url + settings.script_path,
            script_integrity=settings.script_integrity,
            product=PRODUCT,
            price=PRICE,
            order_id=order.order_id,
            publishable_key=settings.publishable_key,
            amount_minor=str(PRICE_MINOR),
            currency=CURRENCY,
        )

    def order_page(self, order: Order) -> str:
        """How an order stands, by what FinCore says now."""
        try:
            return self._present(order)
        except Refusal as refusal:
            return status_page(order, "Not known yet", str(refusal), {}, next_step=AGAIN)

    def back_to(self, order: Order) -> str:
        """Where a customer comes back to."""
        return f"{self._url}/orders/{order.order_id}"

    def is_payable(self, order: Order) -> bool:
        """End what was begun and may still be paid, so that the order is paid once; False where it is paid. Raises `Refusal`."""
        if order.session_id is not None:
            self.back_end.expire_session(order.session_id, order.key("expire"))
            order.session_id = None
            order.tries += 1
        elif order.charge_id is not None:
            charge = self.back_end.charge_now(order.charge_id)
            if charge["status"] == "requires_action":
                self.back_end.cancel(order.charge_id, order.key("cancel"))
            elif charge["status"] not in {"failed", "canceled"}:
                return False
            order.charge_id = None
            order.tries += 1
        return True

    def charged(self, order: Order, charge: Charge) -> dict[str, Any]:
        """Remember what a try came to; what the page has to know of it."""
        order.charge_id = charge["id"]
        if charge["status"] == "failed":
            return {"declined": charge["failure"]["customer_message"]}
        return {"next_action": charge.get("next_action")}

    def _present(self, order: Order) -> str:
        if order.session_id is not None:
            session = self.back_end.session(order.session_id)
            if session["status"] == "open":
                return status_page(
                    order, "Not paid yet", "You came back from the checkout.", {}, next_step=AGAIN
                )
            order.charge_id = session["charge_id"]
        if order.charge_id is None:
            return status_page(order, "Not paid yet", "Nothing was charged.", {}, next_step=AGAIN)
        charge = self.back_end.charge_now(order.charge_id)
        facts = {
            "Order": order.order_id,
            "Charge": charge["id"],
            "Status": charge["status"],
            "Account": f"{charge['psp']}, {charge['psp_account']}",
            "PSP's reference": charge.get("psp_reference") or "none yet",
        }
        match charge["status"]:
            case "succeeded":
                return status_page(
                    order, "Paid", f"Thank you: {PRICE} was taken.", facts, tone="good", next_step=NEW
                )
            case "failed":
                return status_page(
                    order,
                    "Declined",
                    charge["failure"]["customer_message"],
                    facts,
                    tone="bad",
                    next_step=AGAIN,
                )
            case "requires_action":
                return status_page(
                    order, "Not finished", "Your bank still waits for you.", facts, next_step=AGAIN
                )
            case "canceled":
                return status_page(order, "Canceled", "Nothing was taken.", facts, next_step=AGAIN)
            case _:
                return status_page(
                    order, "In progress", "This page looks again by itself.", facts, is_waiting=True
                )


def status_page(
    order: Order,
    heading: str,
    sentence: str,
    facts: Mapping[str, str],
    *,
    tone: str = "",
    next_step: str = "",
    is_waiting: bool = False,
) -> str:
    return _filled(
        "order.html",
        {
            "refresh": '<meta http-equiv="refresh" content="2">' if is_waiting else "",
            "facts": "".join(
                f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in facts.items()
            ),
            "next": next_step.format(order.order_id),
        },
        heading=heading,
        sentence=sentence,
        tone=tone,
    )


def _filled(name: str, html: Mapping[str, str] | None = None, **texts: str) -> str:
    """A page with its places filled: texts escaped, `html` as it is."""
    template = Template((FOLDER / name).read_text(encoding="utf-8"))
    return template.substitute({field: escape(text) for field, text in texts.items()} | dict(html or {}))
