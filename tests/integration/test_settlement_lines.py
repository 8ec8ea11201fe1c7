"""Lines in the tables: each is stored as it was read, or its file is refused."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.postgres.pool import create_pool
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.reading import copied_lines
from fixtures.settlement_account import DAY, Settlement, line, settlement
from fixtures.traffic import store_pool


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


def stored(one: SettlementLine) -> dict[str, object]:
    """The row of a line, without the columns that the table fills."""
    return {
        "number": one.number,
        "kind": one.kind,
        "psp_type": one.psp_type,
        "psp_reference": one.psp_reference,
        "about": list(one.references),
        "parent_reference": one.parent_reference,
        "our_reference": one.our_reference,
        "currency": one.currency,
        "gross_minor": one.gross_minor,
        "fee_minor": one.fee_minor,
        "occurred_at": one.occurred_at,
        "payout_reference": one.payout_reference,
        "bank_reference": one.bank_reference,
        "presentment_minor": one.presentment.amount_minor if one.presentment else None,
        "presentment_currency": one.presentment.currency if one.presentment else None,
        "conversion": one.group,
    }


async def test_lines_are_stored_as_they_were_read(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copied_lines, "LINES_OF_A_BLOCK", 2)
    lines = [
        line("payment", 10_000, -320),
        line("payment", -1, 5_000_000_000, number=2, psp_reference="own", references=("own",)),
        line(
            "refund",
            -5_000_000_000,
            number=3,
            psp_type='T"1{},\\',
            psp_reference="Grüße, \t\n€",
            references=("a", "", "ö"),
            parent_reference="",
            our_reference="re_1",
            currency=Currency("jpy"),
            occurred_at=DAY + timedelta(microseconds=1),
            payout_reference="po",
            bank_reference="b",
            presentment=Money(-7, Currency("eur")),
            group="g",
        ),
        line("conversion", 0, number=4, occurred_at=DAY + timedelta(days=1) - timedelta(microseconds=1)),
        line("conversion", 0, number=5, references=("one",)),
    ]
    file_id = await account.fetched(lines, states_balances=False)
    await account.reconciliation.run()
    rows = await account.ledgerdb.fetch(
        "select * from reconciliation.lines where file_id = $1 order by line_no", file_id
    )
    found = [
        {name: value for name, value in row.items() if name not in ("line_no", "file_id")} for row in rows
    ]
    assert found == [stored(one) for one in lines]


@pytest.mark.parametrize(
    "unstorable",
    [
        pytest.param(line("payment", 2**63), id="an amount beyond 64 bits"),
        pytest.param(line("payment", 1, psp_reference="a\0b"), id="a NUL"),
        pytest.param(line("payment", 1, psp_reference="\ud800"), id="half a character"),
    ],
)
async def test_a_line_that_has_no_row_refuses_its_file(
    account: Settlement, unstorable: SettlementLine
) -> None:
    refused = await account.fetched([line("payment", 1, number=7), unstorable], states_balances=False)
    result = await account.reconciliation.run()
    assert result is not None
    assert [(one.file_id, "a line holds what cannot be stored" in one.reason) for one in result.problems] == [
        (refused, True)
    ]
    assert not await account.ledgerdb.fetch("select from reconciliation.lines where file_id = $1", refused)
