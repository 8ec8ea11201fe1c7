"""The demo reads what FinCore prints of a settled day, and says of each account whether its money is explained."""

from demo import clearing
from demo.clearing import BreakSum, Cleared, PspAccount

BOOKS = """\
account                       debit         credit       balance
bank:main:usd                 300.00 USD    0.00 USD     300.00 USD
psp:paypal:shop:balance:usd   1,331.01 USD  300.00 USD   1,031.01 USD
psp:paypal:shop:clearing:usd  1,331.01 USD  0.00 USD     1,331.01 USD
psp:stripe:test:clearing:jpy  0 JPY         500 JPY      -500 JPY
psp:stripe:test:clearing:kwd  1.250 KWD     0.000 KWD    1.250 KWD
total usd                     2,962.02 USD  300.00 USD
usd: balanced"""
SHOP = PspAccount("paypal", "shop", "usd")
BANKS = {("paypal", "shop"): "paypal_shop", ("stripe", "test"): "main"}

BREAKS = """\
break  status  class   amount     account      owner  days  about
7      open    amount  -5.00 EUR  paypal/shop  -      0     ch_1

class   means
amount  both have it, with different amounts

class   breaks  amount     status  oldest, days
amount  1       -5.00 EUR  open    0"""

CHECKED = """\
currency  total              stated        computed
EUR       beginning balance  0.00 EUR
EUR       ending balance     -79.64 EUR
JPY       ending balance     1,200 JPY"""

FETCHED = """\
source       file                           name     bytes  finding
paypal_shop  sf_01m8dbf440eact41xhw877n82z  STL.CSV  2,387  new"""


def settled(*, left_minor: int = 0, unmatched_minor: int = 0, ending_minor: int | None = 3101) -> Cleared:
    return Cleared(
        account=SHOP,
        before_minor=33_101,
        left_minor=left_minor,
        unmatched_minor=unmatched_minor,
        balance_minor=3101,
        ending_minor=ending_minor,
        in_transit_minor=30_000,
        paid_minor=0,
    )


def test_trial_balance_is_read_in_minor_units() -> None:
    assert clearing.balances(BOOKS) == {
        "bank:main:usd": 30_000,
        "psp:paypal:shop:balance:usd": 103_101,
        "psp:paypal:shop:clearing:usd": 133_101,
        "psp:stripe:test:clearing:jpy": -500,
        "psp:stripe:test:clearing:kwd": 1250,
    }


def test_ending_balances_of_a_checked_file_are_read() -> None:
    assert clearing.ending_balances(CHECKED) == {"eur": -7964, "jpy": 1200}


def test_each_account_and_currency_with_clearing_is_shown() -> None:
    before = {"psp:paypal:shop:clearing:usd": 33_101, "psp:stripe:test:clearing:usd": 900}
    after = {
        "psp:paypal:shop:clearing:usd": 0,
        "psp:paypal:shop:balance:usd": 3101,
        "psp:paypal:shop:in_transit:usd": 30_000,
        "psp:paypal:shop:unmatched:usd": 7,
        "bank:main:usd": 900,
    }
    shop, test = clearing.cleared(before, after, {SHOP: 3101}, BANKS)
    assert shop == settled(unmatched_minor=7)
    assert (test.account, test.ending_minor, test.in_transit_minor, test.paid_minor) == (
        PspAccount("stripe", "test", "usd"),
        None,
        0,
        900,
    )


def test_explained_account_has_a_row_and_no_flaw() -> None:
    amounts = ("331.01", "331.01", "0.00", "31.01", "31.01", "300.00", "0.00")
    assert settled().row() == ("paypal/shop usd", *amounts, "explained")
    assert len(settled().row()) == len(clearing.COLUMNS)
    assert list(settled().flaws()) == []


def test_statement_without_a_balance_is_compared_with_none() -> None:
    assert settled(ending_minor=None).row()[5] == "-"
    assert list(settled(ending_minor=None).flaws()) == []


def test_rest_of_clearing_is_named() -> None:
    assert settled(left_minor=500).row()[2:4] == ("326.01", "5.00")
    assert settled(left_minor=500).row()[-1] == "not explained"
    assert list(settled(left_minor=500).flaws()) == ["paypal/shop usd: 5.00 USD of clearing is left"]


def test_unmatched_money_and_another_balance_are_flaws() -> None:
    assert list(settled(unmatched_minor=-1, ending_minor=3102).flaws()) == [
        "paypal/shop usd: -0.01 USD of the statement is unmatched",
        "paypal/shop usd: the books say that the PSP holds 31.01 USD, its statement 31.02 USD",
    ]


def test_open_breaks_are_read_by_class_with_their_sum() -> None:
    assert clearing.breaks(BREAKS) == [BreakSum("amount", 1, "-5.00 EUR")]
    assert clearing.breaks("break  class  amount") == []
    assert clearing.broken_down(BREAKS).startswith("class   breaks  amount")


def test_each_open_break_names_its_charge() -> None:
    assert clearing.charges_of_breaks(BREAKS) == ["ch_1"]
    assert clearing.charges_of_breaks("") == []


def test_fetched_files_are_shown_without_ids() -> None:
    assert clearing.without_ids(FETCHED) == (
        "source       name     bytes  finding\npaypal_shop  STL.CSV  2,387  new"
    )
