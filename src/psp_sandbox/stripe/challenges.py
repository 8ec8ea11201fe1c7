"""The authentications that customers have been sent to, and which payments they authenticated."""

import msgspec

from psp_sandbox.stripe.stored_card import StoredCard


class Challenge(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An authentication the customer has been sent to. `stored` is the card that is being authenticated."""

    id: str
    account: str
    intent_id: str
    return_url: str | None
    stored: StoredCard


class Challenges:
    """At most one waits for each payment intent, so that their number is bounded by the store's."""

    def __init__(self) -> None:
        self._challenges: dict[str, Challenge] = {}
        self._challenge_of: dict[str, str] = {}
        self._authenticated: set[str] = set()

    def get(self, challenge_id: str) -> Challenge | None:
        """The authentication that waits under this name."""
        return self._challenges.get(challenge_id)

    def open(self, challenge: Challenge) -> None:
        """The customer is sent to authenticate; an earlier challenge of the intent is void."""
        self.close(challenge.intent_id)
        self._challenges[challenge.id] = challenge
        self._challenge_of[challenge.intent_id] = challenge.id

    def close(self, intent_id: str, *, authenticated: bool = False) -> None:
        """The challenge is over. `authenticated` is remembered until the intent is confirmed again."""
        self._challenges.pop(self._challenge_of.pop(intent_id, ""), None)
        if authenticated:
            self._authenticated.add(intent_id)
        else:
            self._authenticated.discard(intent_id)

    def is_authenticated(self, intent_id: str) -> bool:
        """Whether the customer authenticated and the confirmation that follows has not come yet."""
        return intent_id in self._authenticated

    def clear(self) -> None:
        """Forget all of them."""
        self._challenges.clear()
        self._challenge_of.clear()
        self._authenticated.clear()
