"""The page of a checkout session without HTTP: languages, texts, amounts, and what becomes of hostile texts."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec
import pytest

from fincore.checkout.page.files import LOOK_AGAIN
from fincore.checkout.page.languages import Language, language_of
from fincore.checkout.session_page.amounts import amount_text
from fincore.checkout.session_page.body import Page
from fincore.checkout.session_page.handlers import _NOTICES, _first_try
from fincore.checkout.session_page.requests import chosen_method
from fincore.checkout.session_page.texts import TEXTS, Notice, Texts
from fincore.domain.checkout_decisions import SessionRefusalCode
from fincore.domain.checkout_session import CheckoutSession
from fincore.domain.checkout_session_events import (
    CheckoutAttemptClosed,
    CheckoutAttemptStarted,
    LineItem,
    SessionPaymentMethod,
)
from fincore.domain.currency import Currency
from fincore.domain.events import ChargePending
from fincore.domain.ids import session_charge_id
from fincore.domain.money import Money
from fincore.domain.outcome import DeclineAdvice, PspReference
from fincore.write.checkout.customer_checkout import (
    CheckoutView,
    Choose,
    Completed,
    Expired,
    GoTo,
    Pending,
    Step,
    Wait,
    step_of,
)
from fixtures.checkout_sessions import (
    ACTION,
    AT,
    CAPTURED,
    SESSION,
    charge_after,
    plan_for,
    session_of_events,
)

LANGUAGES: tuple[Language, ...] = get_args(Language)
ADVICE: tuple[DeclineAdvice, ...] = get_args(DeclineAdvice)
HOSTILE = "\"'><script>alert(1)</script>&"


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de-AT,en;q=0.8", "de"),
        ("en;q=0.4, fr;q=0.5", "fr"),
        ("ES-419", "es"),
        ("it,pt;q=0.9", "en"),
        ("it, es;q=0.1", "es"),
        ("de;q=0, en;q=0.1", "en"),
        ("fr;q=0", "en"),
        ("*", "en"),
        ("de;q=abc,;;;,fr;q=0.3", "fr"),
        ("x" * 5_000, "en"),
        ("it," * 30 + "de", "en"),
    ],
)
def test_language_is_the_one_asked_for_most(asked: str | None, language: Language) -> None:
    assert language_of([] if asked is None else [asked]) == language


@pytest.mark.parametrize(
    ("amount_minor", "currency", "texts"),
    [
        (123_456, "eur", ("€1,234.56", "1.234,56 €", "1 234,56 €", "1234,56 €")),
        (1_234_567, "eur", ("€12,345.67", "12.345,67 €", "12 345,67 €", "12.345,67 €")),
        (1999, "usd", ("$19.99", "19,99 USD", "19,99 USD", "19,99 USD")),
        (1999, "jpy", ("¥1,999", "1.999 JPY", "1 999 JPY", "1999 JPY")),
        (5, "kwd", ("KWD 0.005", "0,005 KWD", "0,005 KWD", "0,005 KWD")),
        (-50, "gbp", ("-£0.50", "-0,50 £", "-0,50 £", "-0,50 £")),
    ],
)
def test_amount_is_written_as_its_language_writes_it(
    amount_minor: int, currency: str, texts: tuple[str, ...]
) -> None:
    money = Money(amount_minor, Currency(currency))
    written = [re.sub(r"\s", " ", amount_text(money, language)) for language in LANGUAGES]
    assert tuple(written) == texts


def sentences(texts: Texts) -> Iterator[tuple[str, str]]:
    """Every sentence with its name."""
    for name, value in msgspec.structs.asdict(texts).items():
        if isinstance(value, str):
            yield name, value
        else:
            yield from ((f"{name}.{key}", sentence) for key, sentence in value.items())


def test_no_text_is_missing_in_any_language() -> None:
    assert set(TEXTS) == set(LANGUAGES)
    english = dict(sentences(TEXTS["en"]))
    for language in LANGUAGES:
        texts = TEXTS[language]
        here = dict(sentences(texts))
        assert here.keys() == english.keys()
        assert all(sentence.strip() == sentence != "" for sentence in here.values())
        assert [name for name in here if "{}" in here[name]] == ["pay", "pay_to"]
        keys: tuple[tuple[Mapping[Any, str], Any], ...] = (
            (texts.declined, DeclineAdvice),
            (texts.notices, Notice),
            (texts.pay_with, SessionPaymentMethod),
            (texts.continue_with, SessionPaymentMethod),
        )
        assert all(set(table) == set(get_args(literal)) for table, literal in keys)
        same = {name for name in here if here[name] == english[name]}
        assert language == "en" or not same


def test_every_refusal_has_its_notice() -> None:
    assert set(_NOTICES) == set(get_args(SessionRefusalCode)) - {"checkout_session_not_open"}


def html_of(step: Step, language: Language = "en", **changes: Any) -> str:
    view = CheckoutView(session_id=SESSION, session=session_of_events(**changes), step=step)
    return Page(view, language).show().body.decode()


def test_lone_method_begins_by_itself_only_once() -> None:
    """After a decline the customer decides: a page that began again by itself would do so for ever."""
    charge_id = session_charge_id(SESSION, 1)
    started = CheckoutAttemptStarted(
        number=1, charge_id=charge_id, payment_method="card", plan=plan_for("card"), started_at=AT
    )
    closed = CheckoutAttemptClosed(number=1, charge_id=charge_id, reason="failed", closed_at=AT)
    lone, both = Choose(("card",)), Choose(("card", "paypal"))
    new, tried = session_of_events(), session_of_events(started, closed)

    def begins(session: CheckoutSession, step: Step) -> SessionPaymentMethod | None:
        return _first_try(CheckoutView(session_id=SESSION, session=session, step=step))

    assert [begins(new, lone), begins(new, both), begins(tried, lone), begins(new, Wait())] == [
        "card",
        None,
        None,
        None,
    ]


STEPS: tuple[Step, ...] = (
    Choose(("card", "paypal")),
    *(Choose(("card",), advice) for advice in ADVICE),
    GoTo(f"https://psp.example/{HOSTILE}", "card", ("card", "paypal")),
    Wait(),
    Pending(f"https://shop.example/{HOSTILE}"),
    Completed(f"https://shop.example/{HOSTILE}"),
    Expired(f"https://shop.example/{HOSTILE}"),
)


@pytest.mark.parametrize("step", STEPS)
def test_page_of_a_step_escapes_hostile_texts(step: Step) -> None:
    items = (LineItem(name=HOSTILE, quantity=2, amount_minor=1),)
    page = html_of(step, line_items=items, cancel_url=f"https://shop.example/{HOSTILE}")
    assert "<script>" not in page
    assert "\"'>" not in page
    assert page.count("<h1>") == 1


def test_payment_that_the_psp_decides_later_is_told() -> None:
    charge_id = session_charge_id(SESSION, 1)
    started = CheckoutAttemptStarted(
        number=1, charge_id=charge_id, payment_method="card", plan=plan_for("card"), started_at=AT
    )
    session = session_of_events(started)
    pending = ChargePending(
        psp_reference=PspReference("cs_1"), reason="review", occurred_at=AT, pending_until=AT
    )
    steps = [
        step_of(SESSION, session, charge_after(*events), is_over=False)
        for events in ((ACTION, pending), (ACTION, pending, CAPTURED))
    ]
    assert steps == [Pending(session.cancel_url), Wait()]


def test_only_a_page_that_waits_has_a_script() -> None:
    waiting = [step for step in STEPS if "<script src=" in html_of(step)]
    assert waiting == [Wait()]
    reply = Page(CheckoutView(session_id=SESSION, session=session_of_events(), step=Wait()), "en").show()
    page = reply.body.decode()
    assert reply.status == 202
    assert f'<script src="{LOOK_AGAIN.path}" integrity="{LOOK_AGAIN.integrity}"' in page
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page


@pytest.mark.parametrize("advice", ADVICE)
def test_decline_is_told_with_its_advice(advice: DeclineAdvice) -> None:
    page = html_of(Choose(("card",), advice), "es")
    assert f'role="alert">{TEXTS["es"].declined[advice]}</p>' in page


def test_only_test_mode_is_named_on_the_page() -> None:
    step = Choose(("card",))
    assert TEXTS["en"].test_mode in html_of(step)
    assert TEXTS["en"].test_mode not in html_of(step, livemode=True)


@pytest.mark.parametrize(
    ("body", "method"),
    [
        (b"payment_method=card", "card"),
        (b"x=1&payment_method=paypal", "paypal"),
        (b"payment_method=card&payment_method=card", None),
        (b"payment_method=Card", None),
        (b"\xff", None),
        (b"&".join([b"a=1"] * 20 + [b"payment_method=card"]), None),
        (b"", None),
    ],
)
def test_form_names_one_method_or_none(body: bytes, method: SessionPaymentMethod | None) -> None:
    assert chosen_method(body) == method
