"""From a verified token to the person: grants by the map of the installation."""

from fincore.staff.access.grants import GroupMap, grants_of
from fincore.staff.access.person import Person
from fincore.staff.access.tokens import AccessTokens


class TokenPeople:
    """Tells who bears a token, by what the token says."""

    def __init__(self, tokens: AccessTokens, groups: GroupMap) -> None:
        self._tokens = tokens
        self._groups = groups

    async def person(self, token: str) -> Person:
        """The person who bears a token. Raises `TokenRefused` and `IssuerUnavailable`."""
        claims = await self._tokens.verify(token)
        username = claims.username or claims.subject
        return Person(
            subject=claims.subject,
            username=username,
            name=claims.name or username,
            grants=grants_of(claims.groups, self._groups),
        )
