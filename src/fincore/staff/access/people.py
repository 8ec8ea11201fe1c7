"""From a verified token to the person: grants by the map of the installation, and a name that people can read."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from fincore.staff.access.grants import GroupMap, grants_of
from fincore.staff.access.issuer_documents import UserInfo
from fincore.staff.access.person import Person
from fincore.staff.access.tokens import AccessTokens, IssuerUnavailable

KNOWN_SECONDS: Final = 3_600.0
"""How long the name of a person is believed."""
UNKNOWN_SECONDS: Final = 60.0
"""How long the issuer is not asked again after it did not say a name."""
PEOPLE_MAX: Final = 10_000

FindUserInfo = Callable[[str], Awaitable[UserInfo | None]]
"""What the issuer says of the bearer of a token. Raises `IssuerUnavailable`."""


class _Known(NamedTuple):
    info: UserInfo | None
    until: float


class TokenPeople:
    """Tells who bears a token, by what the token says; `user_info` is asked for the name that it lacks."""

    def __init__(
        self,
        tokens: AccessTokens,
        groups: GroupMap,
        *,
        user_info: FindUserInfo | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tokens = tokens
        self._groups = groups
        self._user_info = user_info
        self._monotonic = monotonic
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def person(self, token: str) -> Person:
        """The person who bears a token. Raises `TokenRefused` and `IssuerUnavailable`."""
        claims = await self._tokens.verify(token)
        info = await self._info(claims.subject, token) if claims.name is None else None
        username = (info and info.verified_email) or claims.username or claims.subject
        return Person(
            subject=claims.subject,
            username=username,
            name=claims.name or (info and info.name) or username,
            grants=grants_of(claims.groups, self._groups),
        )

    async def _info(self, subject: str, token: str) -> UserInfo | None:
        """What the issuer says of a person; None where it does not answer, or says it of another one."""
        if self._user_info is None:
            return None
        known = self._known.get(subject)
        if known is None or self._monotonic() >= known.until:
            try:
                info = await self._user_info(token)
            except IssuerUnavailable:
                info = None
            if info is not None and info.sub != subject:
                info = None
            seconds = UNKNOWN_SECONDS if info is None else KNOWN_SECONDS
            known = self._known[subject] = _Known(info, self._monotonic() + seconds)
            self._known.move_to_end(subject)
            if len(self._known) > PEOPLE_MAX:
                self._known.popitem(last=False)
        return known.info
