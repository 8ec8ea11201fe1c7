"""What the card edge counts when it opens kept cards for charges."""

from typing import Final, get_args

from prometheus_client import Counter

from fincore.write.vault.sealed_card import Flaw

CARDS_UNREADABLE: Final = Counter(
    "fincore_vault_cards_unreadable_total",
    "Requests for a token of a kept card that the card edge could not read, by reason.",
    ["reason"],
)
for _flaw in get_args(Flaw):
    CARDS_UNREADABLE.labels(_flaw)  # from 0 on: Prometheus sees no increase in a counter that begins with 1
