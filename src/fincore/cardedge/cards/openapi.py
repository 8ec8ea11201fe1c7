"""How /v1/cards of the card edge is documented."""

from typing import Final

from fincore.cardedge.cards.body import KeptCardBody, KeptCardListBody
from fincore.cardedge.cards.requests import KeepCardRequest
from fincore.domain.ids import parse_card_id
from fincore.http.idempotent_call import IDEMPOTENCY_KEY, IDEMPOTENT_PROBLEMS
from fincore.http.idempotent_change import OPTIONAL_KEY
from fincore.http.list_operation import ListOperation
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, path_parameter

_TAG: Final = "Cards"
_REPLAYED: Final = ("Idempotent-Replayed",)
_CARD_ID: Final = path_parameter("card_id", "The card's id.", example="card_01kab5m5wvfb9v1c2m5hfv0d2e")

KEEP_CARD: Final = Operation(
    operation_id="keep_card",
    summary="Keep a card",
    description=(
        "Keeps a card, so that you can charge it later without its number. FinCore encrypts the number, and keeps no security "
        "code: a request with one is refused. No PSP is asked: whether the card pays is known when it is charged. The operator must "
        "have enabled card numbers for your key's mode. Each request with a key of its own makes a card of its own, also of "
        "the same number."
    ),
    tag=_TAG,
    parameters=(IDEMPOTENCY_KEY,),
    request_body=Content(shape=KeepCardRequest, description="The card to keep. Unknown fields are refused."),
    responses={
        201: Content(
            shape=KeptCardBody, description="The card, without its number.", headers=("Location", *_REPLAYED)
        )
    },
    problems=(
        *(code for code in IDEMPOTENT_PROBLEMS if code != "idempotency_key_in_use"),
        "raw_cards_not_enabled",
        "vault_not_configured",
        "key_service_unavailable",
        "field_missing",
    ),
)

GET_CARD: Final = Operation(
    operation_id="get_card",
    summary="Get a kept card",
    description="One card, without its number. A deleted card can be looked at, too.",
    tag=_TAG,
    parameters=(_CARD_ID,),
    responses={200: Content(shape=KeptCardBody, description="The card.")},
    problems=(*READ_PROBLEMS, "card_not_found"),
)

DELETE_CARD: Final = Operation(
    operation_id="delete_card",
    summary="Delete a kept card",
    description=(
        "Erases the card's number and its keys for good: nothing can charge it any more. Its id stays known, with the last four "
        "digits and the expiry. Deleting it again is answered alike."
    ),
    tag=_TAG,
    parameters=(_CARD_ID, OPTIONAL_KEY),
    responses={204: Content(shape=None, description="The card is deleted.", headers=_REPLAYED)},
    problems=("idempotency_key_invalid", "idempotency_key_reused", "card_not_found"),
)

LIST_CARDS: Final = ListOperation(
    "cards",
    tag=_TAG,
    description="Lists the cards that FinCore keeps for you, newest first. Deleted ones are left out.",
    filters=(),
    parse_id=parse_card_id,
    body=KeptCardListBody,
)
