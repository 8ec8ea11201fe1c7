"""The built-in issuer as resources of the server of staff, and who bears its tokens. The role and the tests compose it here."""

from collections.abc import Sequence
from typing import NamedTuple

from fincore.domain.clock import Clock
from fincore.http.client_address import Network
from fincore.http.resource import Resource
from fincore.postgres.pool import Pool
from fincore.staff.access.admission import People
from fincore.staff.access.claims import Audience
from fincore.staff.access.tokens import AccessTokens
from fincore.staff.issuer.client import CLIENT_ID, IssuerClient
from fincore.staff.issuer.local_people import LocalPeople
from fincore.staff.issuer.logins import Logins
from fincore.staff.issuer.page_handlers import IssuerPages
from fincore.staff.issuer.token_handlers import IssuerTokens
from fincore.staff.issuer.tokens import LocalKeys, TokenMaker
from fincore.write.staff.login_attempts import LoginAttempts
from fincore.write.staff.passwords import Passwords
from fincore.write.staff.people import StaffPeople
from fincore.write.staff.sessions import StaffSessions
from fincore.write.staff.signing_keys import SigningKeys


class BuiltInIssuer(NamedTuple):
    """The built-in issuer: its paths, who bears its tokens, and what it must purge."""

    resources: tuple[Resource, ...]
    people: People
    sessions: StaffSessions
    attempts: LoginAttempts


def built_in_issuer(
    pool: Pool,
    client: IssuerClient,
    encryption_key: bytes,
    clock: Clock,
    *,
    trusted: Sequence[Network] = (),
    passwords: Passwords | None = None,
) -> BuiltInIssuer:
    """The issuer on the event store's database; `encryption_key` is that of FINCORE_SECRETS_KEY, as bytes."""
    people, sessions, attempts = StaffPeople(pool), StaffSessions(pool), LoginAttempts(pool)
    keys = LocalKeys(SigningKeys(pool, encryption_key), clock)
    logins = Logins(people, sessions, attempts, passwords or Passwords())
    audience = Audience(issuer=client.issuer, client_id=CLIENT_ID, audience=CLIENT_ID)
    return BuiltInIssuer(
        resources=(
            IssuerPages(client, logins, sessions, trusted=trusted),
            IssuerTokens(client, sessions, keys, TokenMaker(keys, client, clock)),
        ),
        people=LocalPeople(AccessTokens(keys, audience, clock), people),
        sessions=sessions,
        attempts=attempts,
    )
