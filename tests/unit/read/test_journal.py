"""The journal: which event books what, without a database."""

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.domain.adjustment_events import ADJUSTMENT_SHAPES
from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.events import EVENTS, ChargeEvent
from fincore.domain.fee_plan import FeePlan, platform_fee_minor
from fincore.domain.settlement_events import PAYOUT_SHAPES, SETTLEMENT_FILE_SHAPES
from fincore.read.ledger.accounts import (
    CHART,
    Account,
    AccountCode,
    NoSuchAccount,
    account_name,
    chart_table,
    normal_side,
    parse_account,
    retired_account,
)
from fincore.read.ledger.entry import Entry, entry_of, gives_back
from fincore.read.ledger.journal import JOURNAL, journal_table
from fincore.read.ledgerdb.legs import LEGS
from fixtures.money_events import (
    EXAMPLES,
    FAILOVER,
    STORY,
    USD,
    attempt_captured,
    attempt_reversed,
    captured,
    corrected,
    entry_text,
    fee_assessed,
    held,
    refund_corrected,
    refund_failed,
    refunded,
    reinstated,
    released,
    withdrawn,
)
from fixtures.traffic import fates

EUR = Currency("eur")
TABLES = {
    "charge.captured": """
        psp:stripe:test:clearing:usd      100.00 USD
          merchant:mer_books:payable:usd              100.00 USD
        merchant:mer_books:payable:usd      1.50 USD
          revenue:platform_fees:usd                     1.50 USD
        expense:psp_fees:stripe:test:usd    3.20 USD
          psp:stripe:test:clearing:usd                  3.20 USD
    """,
    "charge.fee_assessed": """
        expense:psp_fees:stripe:test:usd  3.20 USD
          psp:stripe:test:clearing:usd              3.20 USD
    """,
    "charge.fee_returned": """
        psp:stripe:test:clearing:usd        1.10 USD
          expense:psp_fees:stripe:test:usd            1.10 USD
    """,
    "charge.fee_taken_again": """
        expense:psp_fees:stripe:test:usd  1.10 USD
          psp:stripe:test:clearing:usd              1.10 USD
    """,
    "charge.corrected": """
        psp:stripe:test:clearing:usd      100.00 USD
          merchant:mer_books:payable:usd              100.00 USD
        merchant:mer_books:payable:usd      1.50 USD
          revenue:platform_fees:usd                     1.50 USD
    """,
    "charge.attempt_captured": """
        psp:stripe:test:clearing:usd           100.00 USD
          reversals_payable:usd                            100.00 USD
        expense:reversal_fees:stripe:test:usd    3.20 USD
          psp:stripe:test:clearing:usd                       3.20 USD
    """,
    "charge.attempt_fee_assessed": """
        expense:reversal_fees:stripe:test:usd  3.20 USD
          psp:stripe:test:clearing:usd                   3.20 USD
    """,
    "charge.attempt_fee_returned": """
        psp:stripe:test:clearing:usd             2.90 USD
          expense:reversal_fees:stripe:test:usd            2.90 USD
    """,
    "charge.attempt_reversed": """
        reversals_payable:usd                    100.00 USD
          psp:stripe:test:clearing:usd                       100.00 USD
        psp:stripe:test:clearing:usd               2.90 USD
          expense:reversal_fees:stripe:test:usd                2.90 USD
    """,
    "refund.succeeded": """
        merchant:mer_books:payable:usd      40.00 USD
          psp:stripe:test:clearing:usd                 40.00 USD
        psp:stripe:test:clearing:usd         1.10 USD
          expense:psp_fees:stripe:test:usd              1.10 USD
    """,
    "refund.failed": """
        psp:stripe:test:clearing:usd      40.00 USD
          merchant:mer_books:payable:usd             40.00 USD
        expense:psp_fees:stripe:test:usd   1.10 USD
          psp:stripe:test:clearing:usd                1.10 USD
    """,
    "refund.corrected": """
        merchant:mer_books:payable:usd      40.00 USD
          psp:stripe:test:clearing:usd                 40.00 USD
        psp:stripe:test:clearing:usd         1.10 USD
          expense:psp_fees:stripe:test:usd              1.10 USD
    """,
    "dispute.funds_withdrawn": """
        merchant:mer_books:payable:usd  60.00 USD
          psp:stripe:test:clearing:usd             60.00 USD
        merchant:mer_books:payable:usd  15.00 USD
          psp:stripe:test:clearing:usd             15.00 USD
    """,
    "dispute.funds_reinstated": """
        psp:stripe:test:clearing:usd      60.00 USD
          merchant:mer_books:payable:usd             60.00 USD
        psp:stripe:test:clearing:usd      15.00 USD
          merchant:mer_books:payable:usd             15.00 USD
    """,
    "dispute.funds_held": """
        psp:stripe:test:held:usd        60.00 USD
          psp:stripe:test:clearing:usd             60.00 USD
    """,
    "dispute.funds_released": """
        psp:stripe:test:clearing:usd  60.00 USD
          psp:stripe:test:held:usd               60.00 USD
    """,
}
BOOKED = {type(event) for event in EXAMPLES.values()}


def text(table: str) -> str:
    return dedent(table).strip()


def balances(*entries: Entry | None) -> dict[str, int]:
    """What entries leave on each account, on its normal side; accounts that come to nothing left out."""
    found: dict[str, int] = {}
    for movement in (movement for entry in entries if entry for movement in entry.movements):
        assert movement.amount_minor > 0
        for account, side in ((movement.debit, "debit"), (movement.credit, "credit")):
            sign = 1 if normal_side(CHART[account.code].type) == side else -1
            name = account_name(account)
            found[name] = found.get(name, 0) + sign * movement.amount_minor
    return {name: minor for name, minor in found.items() if minor}


@pytest.mark.parametrize("kind", TABLES)
def test_each_kind_of_event_is_booked_as_shown(kind: str) -> None:
    assert entry_text(entry_of(EXAMPLES[kind])) == text(TABLES[kind])


def test_each_event_is_in_journal_and_each_rule_has_example() -> None:
    assert set(JOURNAL) == {*EVENTS, *PAYOUT_SHAPES, *SETTLEMENT_FILE_SHAPES, *ADJUSTMENT_SHAPES}
    assert (
        {kind for kind, lines in JOURNAL.items() if lines and kind in EVENTS} == set(TABLES) == set(EXAMPLES)
    )


@pytest.mark.parametrize(
    "event",
    {type(event).__name__: event for life in fates() for event in life if type(event) not in BOOKED}.values(),
    ids=lambda event: type(event).__name__,
)
def test_an_event_that_is_not_in_the_journal_moves_no_money(event: ChargeEvent) -> None:
    assert entry_of(event) is None


def test_a_refund_that_fails_before_it_succeeded_moves_no_money() -> None:
    assert entry_of(refund_failed(was_succeeded=False)) is None


def test_capture_of_zero_books_nothing() -> None:
    assert entry_of(captured(amount_minor=0, fee_minor=0, platform_fee_minor=0)) is None
    assert entry_of(corrected(captured_after_minor=0, platform_fee_after_minor=0)) is None


def test_fee_in_other_currency_is_booked_in_that_currency() -> None:
    entry = entry_of(captured(currency="gbp", fee_minor=410, fee_currency="eur"))
    assert balances(entry) == {
        "psp:stripe:test:clearing:gbp": 10_000,
        "merchant:mer_books:payable:gbp": 9_850,
        "revenue:platform_fees:gbp": 150,
        "expense:psp_fees:stripe:test:eur": 410,
        "psp:stripe:test:clearing:eur": -410,
    }


def test_a_correction_downwards_goes_the_other_way() -> None:
    entry = entry_of(
        corrected(
            captured_before_minor=10_000,
            captured_after_minor=2_500,
            platform_fee_before_minor=150,
            platform_fee_after_minor=38,
        )
    )
    assert entry_text(entry) == text("""
        merchant:mer_books:payable:usd    75.00 USD
          psp:stripe:test:clearing:usd               75.00 USD
        revenue:platform_fees:usd          1.12 USD
          merchant:mer_books:payable:usd              1.12 USD
    """)


def test_documented_example_leaves_expected_balances() -> None:
    assert balances(*(entry_of(event) for _, event in STORY)) == {
        "psp:stripe:test:clearing:usd": 10_000 - 320,
        "expense:psp_fees:stripe:test:usd": 320,
        "merchant:mer_books:payable:usd": 10_000 - 150,
        "revenue:platform_fees:usd": 150,
    }


def test_documented_failover_leaves_expected_balances() -> None:
    assert balances(*(entry_of(event) for _, event in FAILOVER)) == {
        "psp:paypal:test:clearing:usd": 10_000 - 398 - 4_000 + 140 - 6_000 - 2_000,
        "psp:stripe:test:clearing:usd": -320,
        "expense:psp_fees:paypal:test:usd": 398 - 140,
        "expense:reversal_fees:stripe:test:usd": 320,
        "merchant:mer_books:payable:usd": 10_000 - 150 - 4_000 - 6_000 - 2_000,
        "revenue:platform_fees:usd": 150,
    }


# What makes no sense


def test_negative_capture_is_booked_to_suspense() -> None:
    assert entry_text(entry_of(captured(amount_minor=-500, fee_minor=0, platform_fee_minor=0))) == text("""
        suspense:usd                    5.00 USD
          psp:stripe:test:clearing:usd            5.00 USD
        because the amount is negative: -500 minor units of usd
    """)


def test_platform_fee_above_capture_is_booked_to_suspense() -> None:
    entry = entry_of(captured(amount_minor=100, fee_minor=0, platform_fee_minor=101))
    assert entry_text(entry) == text("""
        psp:stripe:test:clearing:usd      1.00 USD
          merchant:mer_books:payable:usd            1.00 USD
        suspense:usd                      1.01 USD
          revenue:platform_fees:usd                 1.01 USD
        because the platform fee of 101 is more than the 100 captured
    """)


def test_a_fee_without_a_currency_waits_under_the_code_for_none() -> None:
    entry = entry_of(captured(amount_minor=0, platform_fee_minor=0, fee_currency=None))
    assert entry_text(entry) == text("""
        suspense:xxx                    320 XXX
          psp:stripe:test:clearing:xxx           320 XXX
        because the fee of 320 has no currency
    """)


@pytest.mark.parametrize(("said", "placed"), [("zzz", "zzz"), ("USD ", "xxx"), ("bitcoin", "xxx")])
def test_unknown_currency_is_booked_to_suspense(said: str, placed: str) -> None:
    entry = entry_of(fee_assessed(currency=said))
    assert balances(entry) == {f"suspense:{placed}": 320, f"psp:stripe:test:clearing:{placed}": -320}
    assert entry is not None
    assert entry.reason == f"the fee of 320 is in {said!r}, which is no currency of payments"


def test_refund_above_captured_amount_is_booked_to_suspense() -> None:
    sensible = entry_of(refunded(), holding={("merchant_payable", USD): 4_000})
    assert sensible is not None
    assert sensible.reason is None
    entry = entry_of(refunded(), holding={("merchant_payable", USD): 3_999})
    assert entry_text(entry) == text("""
        suspense:usd                    40.00 USD
          psp:stripe:test:clearing:usd             40.00 USD
        because the refund of 4000 is more than the 3999 captured and not refunded yet
    """)


BEYOND: list[tuple[ChargeEvent, AccountCode, str, str]] = [
    (
        refunded(amount_minor=0, fee_minor=111, fee_currency=USD),
        "psp_fees",
        "fee given back",
        "the PSP took and has not given back",
    ),
    (
        refund_corrected(amount_minor=0, fee_minor=111, fee_currency=USD),
        "psp_fees",
        "fee given back",
        "the PSP took and has not given back",
    ),
    (released(amount_minor=111), "psp_held", "release", "held for disputes"),
    (
        attempt_reversed(amount_minor=111, fee_minor=0),
        "reversals_payable",
        "reversal",
        "taken by abandoned attempts and not given back yet",
    ),
    (
        attempt_reversed(amount_minor=0, fee_minor=111),
        "reversal_fees",
        "fee given back",
        "the PSP took and has not given back",
    ),
]


@pytest.mark.parametrize(("event", "code", "amount", "held"), BEYOND, ids=lambda value: str(value)[:24])
def test_more_given_back_than_taken_is_booked_to_suspense(
    event: ChargeEvent, code: AccountCode, amount: str, held: str
) -> None:
    assert gives_back(event)
    sensible = entry_of(event, holding={(code, USD): 111})
    assert sensible is not None
    assert sensible.reason is None
    for holding in ({(code, USD): 110}, {(code, EUR): 111}, {}):
        entry = entry_of(event, holding=holding)
        assert entry is not None
        held_minor = holding.get((code, USD), 0)
        assert entry.reason == f"the {amount} of 111 is more than the {held_minor} {held}"
        sides = {account.code for movement in entry.movements for account in movement[1:3]}
        assert sides == {"suspense", "psp_clearing"}


@pytest.mark.parametrize(
    "event",
    [
        held(amount_minor=-1),
        released(amount_minor=-1),
        attempt_captured(amount_minor=-1, fee_minor=0),
        attempt_captured(amount_minor=0, fee_minor=-1),
        attempt_reversed(amount_minor=-1, fee_minor=0),
        attempt_reversed(amount_minor=0, fee_minor=-1),
        refunded(amount_minor=0, fee_minor=-1, fee_currency=USD),
        refund_failed(amount_minor=0, fee_minor=-1, fee_currency=USD),
        held(currency="zzz"),
        attempt_captured(amount_minor=0, fee_currency=None),
        attempt_reversed(amount_minor=0, fee_currency="zzz"),
        refunded(amount_minor=0, fee_minor=1, fee_currency=None),
    ],
    ids=lambda event: f"{type(event).__name__} of {event.amount_minor}",
)
def test_new_money_events_without_sense_wait_in_suspense(event: ChargeEvent) -> None:
    entry = entry_of(event)
    assert entry is not None
    assert entry.reason is not None
    (movement,) = entry.movements
    assert {movement.debit.code, movement.credit.code} == {"suspense", "psp_clearing"}


# Properties

amounts = st.integers(min_value=-(10**12), max_value=10**12)
currencies = st.sampled_from(["usd", "eur", "jpy", "kwd", "zzz", "", "xxx"])


@given(amount=amounts, fee=amounts, platform_fee=amounts, currency=currencies, fee_currency=currencies)
def test_any_capture_report_is_booked_in_full_per_currency(
    amount: int, fee: int, platform_fee: int, currency: str, fee_currency: str
) -> None:
    entry = entry_of(
        captured(
            amount_minor=amount,
            fee_minor=fee,
            platform_fee_minor=platform_fee,
            currency=currency,
            fee_currency=fee_currency,
        )
    )
    moved = {m.purpose: m.amount_minor for m in entry.movements} if entry else {}
    said = {"principal": abs(amount), "psp_fee": abs(fee), "platform_fee": abs(platform_fee)}
    assert moved == {purpose: minor for purpose, minor in said.items() if minor}
    for movement in entry.movements if entry else ():
        assert movement.debit.currency == movement.credit.currency
        assert movement.debit != movement.credit
    codes = {account.code for m in (entry.movements if entry else ()) for account in (m.debit, m.credit)}
    nothing_strange = amount >= 0 and fee >= 0 and 0 <= platform_fee <= amount
    known = (not amount and not platform_fee) or currency in EXPONENTS
    fee_known = not fee or fee_currency in EXPONENTS
    assert ("suspense" in codes) == (not (nothing_strange and known and fee_known))
    assert ("suspense" in codes) == (entry is not None and entry.reason is not None)


@given(amount=st.integers(min_value=1, max_value=10**12), fee=st.integers(min_value=0, max_value=10**6))
def test_money_out_and_back_leaves_books_unchanged(amount: int, fee: int) -> None:
    back_and_forth = [
        entry_of(refunded(amount_minor=amount, fee_minor=fee, fee_currency=EUR)),
        entry_of(refund_failed(amount_minor=amount, fee_minor=fee, fee_currency=EUR)),
        entry_of(withdrawn(amount_minor=amount, fee_minor=fee)),
        entry_of(reinstated(amount_minor=amount, fee_minor=fee)),
        entry_of(held(amount_minor=amount)),
        entry_of(released(amount_minor=amount)),
        entry_of(attempt_captured(amount_minor=amount, fee_minor=fee)),
        entry_of(attempt_reversed(amount_minor=amount, fee_minor=fee)),
    ]
    assert balances(*back_and_forth) == {}


@given(
    plan=st.builds(
        FeePlan,
        basis_points=st.integers(min_value=0, max_value=10_000),
        fixed_minor=st.integers(min_value=0, max_value=10_000),
    ),
    before=st.integers(min_value=0, max_value=10**9),
    after=st.integers(min_value=0, max_value=10**9),
)
def test_corrected_capture_books_as_if_right_at_once(plan: FeePlan, before: int, after: int) -> None:
    def capture(minor: int) -> Entry | None:
        return entry_of(
            captured(
                amount_minor=minor,
                fee_minor=0,
                fee_currency=None,
                platform_fee_minor=platform_fee_minor(plan, minor),
            )
        )

    correction = entry_of(
        corrected(
            captured_before_minor=before,
            captured_after_minor=after,
            platform_fee_before_minor=platform_fee_minor(plan, before),
            platform_fee_after_minor=platform_fee_minor(plan, after),
        )
    )
    assert balances(capture(before), correction) == balances(capture(after))
    assert balances(capture(after)).get("merchant:mer_books:payable:usd", 0) >= 0


# The chart


def test_every_account_has_a_name_that_leads_back_to_it() -> None:
    for code, kind in CHART.items():
        owner = "who" if {"{psp}", "{merchant}", "{bank}"} & set(kind.segments) else ""
        account = Account(code, USD, owner, "ours" if "{account}" in kind.segments else "")
        assert parse_account(account_name(account)) == account


def test_accounts_of_one_psp_have_retired_one_in_common() -> None:
    ours, other = (Account("psp_clearing", USD, "stripe", name) for name in ("ours", "other"))
    assert retired_account(ours) == retired_account(other)
    assert account_name(retired_account(ours)) == "psp:stripe:clearing:usd"
    fees = Account("psp_fees", USD, "stripe", "ours")
    assert account_name(retired_account(fees)) == "expense:psp_fees:stripe:usd"
    payable = Account("merchant_payable", USD, "mer_books")
    assert retired_account(payable) == payable


@pytest.mark.parametrize(
    "name", ["", "usd", "psp:stripe:clearing", "psp::clearing:usd", "cash:usd", "merchant:a:payable:usd:x"]
)
def test_account_name_outside_chart_is_refused_with_choices(name: str) -> None:
    with pytest.raises(NoSuchAccount, match=r"merchant:\{merchant\}:payable:\{currency\}"):
        parse_account(name)


def test_the_chart_and_the_journal_print_as_tables() -> None:
    assert chart_table().splitlines()[6].split("  ")[0] == "merchant:{merchant}:payable:{currency}"
    lines = journal_table().splitlines()
    first = "charge.captured                 Dr  psp:{psp}:{account}:clearing:{currency}           amount"
    assert first in lines
    assert "charge.failed                   -   moves no money" in lines
    assert max(len(legs) for legs in LEGS.values()) == 2
