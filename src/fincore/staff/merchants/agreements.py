"""The stores of what was agreed with merchants, on pools for reading, or in the transaction of a change."""

from typing import NamedTuple

from fincore.domain.clock import Clock
from fincore.eventstore.idempotent_changes import Transaction
from fincore.write.merchants.fee_plans import FeePlans
from fincore.write.merchants.merchants import Merchants
from fincore.write.merchants.origins import Origins
from fincore.write.merchants.raw_card_decisions import RawCardDecisions


class Agreements(NamedTuple):
    """The stores."""

    merchants: Merchants
    fee_plans: FeePlans
    origins: Origins
    raw_cards: RawCardDecisions


def agreements_in(transaction: Transaction, clock: Clock) -> Agreements:
    """The stores in the transaction of a change."""
    return Agreements(
        Merchants(transaction, clock),
        FeePlans(transaction, clock),
        Origins(transaction, clock),
        RawCardDecisions(transaction, clock),
    )
