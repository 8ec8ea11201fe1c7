"""What banks call payouts, as their PSPs tell it: read from the log, so that it never lags."""

from collections.abc import Collection

from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payout import PayoutAccount
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.write.settlement", "payout_references.sql")


class PayoutReferences:
    """The references of banks that the log has of payouts."""

    def __init__(self, eventstore: Pool) -> None:
        self._pool = eventstore

    async def named_by(
        self, bank_references: Collection[str]
    ) -> list[tuple[str, PayoutAccount, PspReference]]:
        """The payouts that banks call by some references: each reference with an account and the PSP's id of a payout of it."""
        rows = await self._pool.fetch(_SQL.payouts_by_bank_reference, list(bank_references))
        return [
            (
                row["bank_reference"],
                PayoutAccount(
                    psp=PspName(row["psp"]),
                    psp_account=PspAccount(row["psp_account"]),
                    livemode=row["livemode"],
                ),
                PspReference(row["psp_reference"]),
            )
            for row in rows
        ]
