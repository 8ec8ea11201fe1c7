"""What a worker asks the card edge, and what it is answered. Pure."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.domain.outcome import Failure

PATH: Final = "/internal/card_tokens"
ATTEMPT_MAX: Final = 1_000
REASON_CHARACTERS_MAX: Final = 500


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token for one attempt of a charge. The log tells the card, and the account of the attempt."""

    charge_id: Annotated[str, Meta(max_length=64)]
    attempt: Annotated[int, Meta(ge=1, le=ATTEMPT_MAX)]


class Made(msgspec.Struct, frozen=True, tag_field="result", tag="made"):
    """The PSP's token of the card at the account of the attempt."""

    token: str

    def __repr__(self) -> str:
        """Without the token."""
        return "Made()"


class Refused(msgspec.Struct, frozen=True, tag_field="result", tag="refused"):
    """The card cannot be charged: the PSP refused it, or it is not in the vault any more."""

    failure: Failure


class NotMade(msgspec.Struct, frozen=True, tag_field="result", tag="not_made"):
    """There is no token for now, and none was used. `is_of_account`: the account at the PSP could not be used; `was_called`: it was called."""

    reason: Annotated[str, Meta(max_length=REASON_CHARACTERS_MAX)]
    is_of_account: bool = False
    was_called: bool = True


Answer = Made | Refused | NotMade
