"""Who acts: a member of staff that an issuer knows, or an operator at a terminal under the name that they typed. Pure."""

from typing import Final

import msgspec

from fincore.domain.counted_person import counted_for

SUBJECT_CHARACTERS_MAX: Final = 255
"""OpenID Connect Core 1.0, 2: `sub` is at most 255 ASCII characters."""
USERNAME_CHARACTERS_MAX: Final = 255


class StaffActor(msgspec.Struct, frozen=True):
    """A member of staff. `subject` is what the issuer knows them by and never gives to another; `username` is what people read."""

    subject: str
    username: str

    @property
    def actor(self) -> str:
        """The actor of what they do, as it is stored beside events."""
        return f"staff:{self.subject}"

    @property
    def counted_for(self) -> str:
        """The person as limits count."""
        return counted_for(self.subject)


def are_one_person(one: StaffActor, other: StaffActor) -> bool:
    """Whether two are the same person, as far as FinCore can know: by subject, or by what people read.

    Two accounts of one person at the issuer, with two names, are two people here.
    """
    return one.counted_for == other.counted_for or counted_for(one.username) == counted_for(other.username)


def operator_actor(by: str) -> str:
    """The actor of what a person does at a terminal, under the name that they typed."""
    return f"operator:{by}"
