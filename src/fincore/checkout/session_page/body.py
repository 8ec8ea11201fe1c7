"""What the customer's browser gets for each step of a session.

Chromium applies `form-action` to every redirect that follows a form, so
the answer to a form leads on by a page that opens the next one by itself (`leads_on`), and no PSP has to be named.
"""

from typing import Final, assert_never
from urllib.parse import urlsplit

from fincore.checkout.page.document import HTML, button_link, heading, page, paragraph, waiting_page
from fincore.checkout.page.languages import Language
from fincore.checkout.session_page.amounts import amount_text
from fincore.checkout.session_page.texts import TEXTS, Notice, Texts
from fincore.domain.checkout_session import CheckoutSession
from fincore.domain.checkout_session_events import LineItem, SessionPaymentMethod
from fincore.domain.money import Money
from fincore.http.exchange import Response
from fincore.http.html import Attribute, Markup, element, text
from fincore.write.checkout.customer_checkout import (
    CheckoutView,
    Choose,
    Completed,
    Expired,
    GoTo,
    Pending,
    Wait,
)

METHOD_FIELD: Final = "payment_method"


class Page:
    """The pages of one session in one language."""

    def __init__(self, view: CheckoutView, language: Language) -> None:
        self._view = view
        self._session: CheckoutSession = view.session
        self._language: Language = language
        self._texts: Texts = TEXTS[language]
        self._path = urlsplit(view.session.page).path

    def show(self, *, status: int = 200, notice: Notice | None = None) -> Response:
        """The step as a page that the customer reads and acts on."""
        step, texts = self._view.step, self._texts
        match step:
            case Choose():
                declined = None if step.advice is None else texts.declined[step.advice]
                said = declined if notice is None else texts.notices[notice]
                body = (*self._order(said), self._choices(texts.choose, step.payment_methods), self._back())
                return self._page(self._amount_title(), body, status=status)
            case GoTo():
                body = (*self._order(None if notice is None else texts.notices[notice]), *self._live(step))
                return self._page(self._amount_title(), body, status=status)
            case Wait():
                body = (heading(texts.wait_title), paragraph(texts.wait), self._look_again())
                return waiting_page(texts.wait_title, body, self._language)
            case Pending():
                body = (
                    heading(texts.pending_title),
                    paragraph(texts.pending),
                    button_link(step.url, texts.back),
                    self._look_again(),
                )
                return self._page(texts.pending_title, body)
            case Completed():
                body = (
                    heading(texts.paid_title),
                    paragraph(texts.paid),
                    button_link(step.url, texts.go_on),
                )
                return self._page(texts.paid_title, body)
            case Expired():
                body = (
                    heading(texts.expired_title),
                    paragraph(texts.expired),
                    button_link(step.url, texts.back),
                )
                return self._page(texts.expired_title, body)
            case _:
                assert_never(step)

    def redirects(self, url: str) -> Response:
        """The way on by a redirect, with a link beside it."""
        response = self._on_to(url, leads_to=None)
        return Response(303, response.body, HTML, (("location", url), *response.headers))

    def leads_on(self, url: str) -> Response:
        """The way on by a page that opens `url` at once."""
        return self._on_to(url, leads_to=url)

    def _on_to(self, url: str, *, leads_to: str | None) -> Response:
        texts = self._texts
        is_paid = isinstance(self._view.step, Completed)
        title, sentence = (texts.paid_title, texts.paid) if is_paid else (texts.going_title, texts.going)
        body = (heading(title), paragraph(sentence), button_link(url, texts.go_on))
        return page(title, body, self._language, leads_to=leads_to)

    def _page(self, title: str, body: tuple[Markup, ...], *, status: int = 200) -> Response:
        return page(title, body, self._language, status=status)

    def _amount_title(self) -> str:
        return self._texts.pay.format(amount_text(self._session.amount, self._language))

    def _order(self, said: str | None) -> tuple[Markup, ...]:
        """What is paid, to which shop, and what there is to say about the customer's last try."""
        session, texts = self._session, self._texts
        shop = urlsplit(session.cancel_url).hostname or ""
        items = tuple(self._line(item) for item in session.line_items)
        return (
            heading(self._amount_title()),
            paragraph(texts.pay_to.format(shop), ("class", "to")),
            *(() if session.livemode else (paragraph(texts.test_mode, ("class", "test")),)),
            *(() if said is None else (paragraph(said, ("class", "notice"), ("role", "alert")),)),
            *((element("ul", (), *items),) if items else ()),
        )

    def _line(self, item: LineItem) -> Markup:
        amount = amount_text(Money(item.amount_minor, self._session.amount.currency), self._language)
        name = element("bdi", (), text(item.name))
        count = () if item.quantity == 1 else (text(f" \u00d7 {item.quantity}"),)
        return element("li", (), element("span", (), name, *count), element("span", (), text(amount)))

    def _live(self, step: GoTo) -> tuple[Markup, ...]:
        texts = self._texts
        others = tuple(method for method in step.payment_methods if method != step.payment_method)
        return (
            paragraph(texts.live),
            button_link(step.url, texts.continue_with[step.payment_method]),
            *((self._choices(texts.other_way, others, ("class", "other")),) if others else ()),
            self._back(),
        )

    def _choices(
        self, heading: str, methods: tuple[SessionPaymentMethod, ...], *attributes: Attribute
    ) -> Markup:
        buttons = (
            element(
                "button",
                (("type", "submit"), ("name", METHOD_FIELD), ("value", method)),
                text(self._texts.pay_with[method]),
            )
            for method in methods
        )
        form = (("method", "post"), ("action", self._path), *attributes)
        return element("form", form, element("h2", (), text(heading)), *buttons)

    def _back(self) -> Markup:
        link = element("a", (("href", self._session.cancel_url),), text(self._texts.back))
        return element("p", (("class", "way-back"),), link)

    def _look_again(self) -> Markup:
        link = element("a", (("href", ""),), text(self._texts.look_again))
        return element("p", (("class", "way-back"),), link)
