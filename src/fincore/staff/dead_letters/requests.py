"""What staff ask for dead letters. Pure."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.staff.acting import Reasoned
from fincore.staff.dead_letters.letter_id import PATTERN

REPLAYED_AT_ONCE_MAX: Final = 100


class StaffDeadLetterReplayRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Replay one dead letter."""


class StaffDeadLetterDiscardRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Discard one dead letter."""


class StaffDeadLetterReplaysRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Replay several dead letters."""

    ids: Annotated[
        tuple[Annotated[str, Meta(pattern=PATTERN)], ...],
        Meta(
            min_length=1,
            max_length=REPLAYED_AT_ONCE_MAX,
            description="The ids of the dead letters, as the list shows them.",
        ),
    ]


REPLAY: Final = msgspec.json.Decoder(StaffDeadLetterReplayRequest)
DISCARD: Final = msgspec.json.Decoder(StaffDeadLetterDiscardRequest)
REPLAY_SEVERAL: Final = msgspec.json.Decoder(StaffDeadLetterReplaysRequest)
