"""The books as a Beancount file: read by Beancount itself, which knows nothing of us."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, get_args

from beancount import loader
from beancount.core import realization
from beancount.core.data import Balance, Open, Transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.ids import ChargeId
from fincore.read.ledger.accounts import CHART, Account, account_name
from fincore.read.ledgerdb import beancount_text
from fincore.read.ledgerdb.beancount_text import OPENING, beancount_account
from fincore.read.ledgerdb.exported import (
    AccountType,
    ExportedAccount,
    ExportedBooks,
    ExportedEntry,
    ExportedPosting,
    decimal_text,
)
from fixtures.commits import NOON

USD, JPY, KWD, NONE = (Currency(code) for code in ("usd", "jpy", "kwd", "xxx"))
ACCOUNTS = [
    Account("psp_clearing", USD, "stripe", "test"),
    Account("merchant_payable", USD, "mer_01a"),
    Account("merchant_payable", USD, "mer_01_a"),
    Account("platform_fees", USD),
    Account("psp_fees", USD, "stripe", "test"),
    Account("suspense", USD),
    Account("reversals_payable", USD),
    Account("psp_held", USD, "stripe", "test"),
    Account("reversal_fees", USD, "stripe", "test"),
    Account("retired_psp_clearing", USD, "stripe"),
    Account("retired_psp_fees", USD, "stripe"),
    Account("psp_clearing", JPY, "stripe", "test"),
    Account("merchant_payable", JPY, "mer_01a"),
    Account("psp_clearing", KWD, "stripe", "test"),
    Account("merchant_payable", KWD, "mer_01a"),
    Account("psp_clearing", NONE, "stripe", "test"),
    Account("suspense", NONE),
]
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20
) | st.sampled_from(['"', "\\", '\\"', "a\nb", "; no comment", "2026-01-01 * "])


@st.composite
def movements(draw: st.DrawFn) -> tuple[Account, Account, int]:
    debit = draw(st.sampled_from(ACCOUNTS))
    credit = draw(st.sampled_from([one for one in ACCOUNTS if one.currency == debit.currency]))
    return debit, credit, draw(st.integers(1, 10**14))


class History:
    """Entries of several movements each, a day apart, and what they leave."""

    def __init__(self, entries: Sequence[Sequence[tuple[Account, Account, int]]], description: str) -> None:
        self.net: list[dict[Account, int]] = [defaultdict(int)]
        self.entries = []
        for number, legs in enumerate(entries):
            net = defaultdict(int, self.net[-1])
            postings = []
            for pair, (debit, credit, amount_minor) in enumerate(legs):
                for leg, account, sign in ((1, debit, 1), (2, credit, -1)):
                    net[account] += sign * amount_minor
                    postings.append(posting(2 * pair + leg, account, sign * amount_minor))
            self.net.append(net)
            self.entries.append(entry(number + 1, postings, description))

    def file(self, first: int) -> str:
        """The file of all entries from one on; those before it are its opening balances."""
        accounts = sorted(self.net[-1], key=account_name)
        books = ExportedBooks(
            livemode=False,
            first_day=NOON.date() + timedelta(days=first),
            last_day=NOON.date() + timedelta(days=len(self.entries)),
            has_opening=first > 0,
            first_entry_id=first + 1,
            last_entry_id=len(self.entries),
            accounts=tuple(
                ExportedAccount(
                    name=account_name(account),
                    type=CHART[account.code].type,
                    currency=account.currency,
                    opening_debit_minor=self.net[first][account],
                    closing_debit_minor=self.net[-1][account],
                )
                for account in accounts
            ),
        )
        kept = map(beancount_text.transaction, self.entries[first:])
        return "".join((beancount_text.head(books), *kept, beancount_text.tail(books)))


def posting(leg: int, account: Account, debit_minor: int) -> ExportedPosting:
    amount_minor = abs(debit_minor)
    return ExportedPosting(
        leg=leg,
        account=account_name(account),
        account_type=CHART[account.code].type,
        side="debit" if debit_minor > 0 else "credit",
        amount_minor=amount_minor,
        amount=decimal_text(amount_minor, account.currency),
        currency=account.currency,
        balance_after_minor=0,
    )


def entry(entry_id: int, postings: Sequence[ExportedPosting], description: str) -> ExportedEntry:
    return ExportedEntry(
        entry_id=entry_id,
        livemode=False,
        source="event",
        event_id="evt_1",
        kind="charge.captured",
        charge=ChargeId("ch_1"),
        effective_at=NOON,
        booked_at=NOON + timedelta(days=entry_id - 1),
        late_for=None,
        description=description,
        reason=description or None,
        booked_by=None,
        clears_entry_id=None,
        settlement=None,
        postings=tuple(postings),
    )


def loaded(text: str) -> list[Any]:
    entries, errors, _ = loader.load_string(text)
    assert errors == []
    return entries


@given(st.lists(st.lists(movements(), min_size=1, max_size=4), min_size=1, max_size=12), TEXTS, st.data())
@settings(deadline=None, max_examples=60)
def test_beancount_file_from_any_day_loads_with_our_balances(
    entries: list[list[tuple[Account, Account, int]]], description: str, data: st.DataObject
) -> None:
    history = History(entries, description)
    first = data.draw(st.integers(0, len(entries) - 1), label="entries before the range")
    found = loaded(history.file(first))
    realized = realization.realize(found)  # type: ignore[no-untyped-call]  # beancount's, half annotated
    for account, debit_minor in history.net[-1].items():
        name = beancount_account(account_name(account), CHART[account.code].type)
        held_there = realization.get(realized, name).balance  # type: ignore[no-untyped-call]  # as above
        held = held_there.get_currency_units(account.currency.upper()).number
        assert held == Decimal(debit_minor).scaleb(-EXPONENTS.get(account.currency, 0))
    booked = [one for one in found if isinstance(one, Transaction) and "entry_id" in one.meta]
    assert [int(one.meta["entry_id"]) for one in booked] == list(range(first + 1, len(entries) + 1))
    assert {one.narration for one in booked} == {f"charge.captured: {description}"}
    assert {one.meta.get("reason") for one in booked} == {description or None}
    names = {
        one.meta["name"]: one.account for one in found if isinstance(one, Open) and one.account != OPENING
    }
    asserted = {one.account for one in found if isinstance(one, Balance) and one.account != OPENING}
    assert set(names) == set(map(account_name, history.net[-1]))
    assert set(names.values()) == asserted
    assert len(asserted) == len(names)


def test_a_minor_unit_that_is_altered_is_found() -> None:
    history = History([[(ACCOUNTS[0], ACCOUNTS[1], 1999)], [(ACCOUNTS[0], ACCOUNTS[1], 1)]], "x")
    text = history.file(0)
    for there, altered in (
        ("  0.01 USD", "  0.02 USD"),
        ("  20.00 ~", "  20.01 ~"),
        ("-20.00 ~", "-19.99 ~"),
    ):
        assert text.count(there) == 1
        _, errors, _ = loader.load_string(text.replace(there, altered))
        assert errors
    both = text.replace("  0.01 USD", "  0.02 USD").replace("  -0.01 USD", "  -0.02 USD")
    _, errors, _ = loader.load_string(both)
    # The entry balances, the two accounts do not hold what they should.
    assert len(errors) == 2


def test_accounts_are_named_by_the_rules_of_beancount() -> None:
    named = {
        account_name(account): beancount_account(account_name(account), CHART[account.code].type)
        for account in (*ACCOUNTS[:11], ACCOUNTS[-1])
    }
    assert named == {
        "psp:stripe:test:clearing:usd": "Assets:Psp:Stripe:Test:Clearing:USD",
        "merchant:mer_01a:payable:usd": "Liabilities:Merchant:Mer-01a:Payable:USD",
        "merchant:mer_01_a:payable:usd": "Liabilities:Merchant:Mer-01-a:Payable:USD",
        "revenue:platform_fees:usd": "Income:Platform-fees:USD",
        "expense:psp_fees:stripe:test:usd": "Expenses:Psp-fees:Stripe:Test:USD",
        "suspense:usd": "Assets:Suspense:USD",
        "reversals_payable:usd": "Liabilities:Reversals-payable:USD",
        "psp:stripe:test:held:usd": "Assets:Psp:Stripe:Test:Held:USD",
        "expense:reversal_fees:stripe:test:usd": "Expenses:Reversal-fees:Stripe:Test:USD",
        "psp:stripe:clearing:usd": "Assets:Psp:Stripe:Clearing:USD",
        "expense:psp_fees:stripe:usd": "Expenses:Psp-fees:Stripe:USD",
        "suspense:xxx": "Assets:Suspense:XXX",
    }


@given(st.lists(st.text("xX_-2df5é", min_size=1, max_size=6), unique=True, min_size=2, max_size=40))
def test_no_two_owners_share_an_account(owners: list[str]) -> None:
    for code in ("merchant_payable", "psp_clearing", "psp_fees"):
        kind = CHART[code].type
        of_owners = {Account(code, USD, owner, "test") for owner in owners}
        of_accounts = {Account(code, USD, "stripe", owner) for owner in owners}
        accounts = of_owners if code == "merchant_payable" else of_owners | of_accounts
        assert len({beancount_account(account_name(one), kind) for one in accounts}) == len(accounts)


def test_every_type_of_account_has_a_root() -> None:
    roots = {beancount_account("a:usd", account_type).split(":")[0] for account_type in get_args(AccountType)}
    assert roots == {"Assets", "Liabilities", "Equity", "Income", "Expenses"}
