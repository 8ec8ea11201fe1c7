"""Who bears a token of the built-in issuer, as the store has that person now: a disabled person is refused at once."""

from fincore.staff.access.claims import TokenRefused
from fincore.staff.access.grants import grants_of_roles
from fincore.staff.access.person import Person
from fincore.staff.access.tokens import AccessTokens
from fincore.write.staff.people import StaffPeople


class LocalPeople:
    """Tells who bears a token of the built-in issuer."""

    def __init__(self, tokens: AccessTokens, people: StaffPeople) -> None:
        self._tokens = tokens
        self._people = people

    async def person(self, token: str) -> Person:
        """The person, with the roles of now. Raises `TokenRefused` and `IssuerUnavailable`."""
        claims = await self._tokens.verify(token)
        if claims.login_id is None:
            raise TokenRefused("The token names no login.")
        found = await self._people.find_live(claims.subject, claims.login_id)
        if found is None:
            raise TokenRefused("The login has ended.")
        return Person(
            subject=found.subject,
            username=found.username,
            name=found.name,
            grants=grants_of_roles(found.groups),
        )
