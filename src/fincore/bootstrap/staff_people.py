"""What keeps the people of the built-in issuer; refused where staff log in at an issuer of the installation's own."""

from base64 import b64decode

from fincore.backoffice.staff_people import PERMISSION, Cause, PeopleKeeper
from fincore.bootstrap.secrets_key import secrets_key
from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError
from fincore.postgres.pool import Pool
from fincore.staff.access.grants import read_role
from fincore.staff.issuer.tokens import new_signing_key
from fincore.write.staff.acts import Act, Acts
from fincore.write.staff.passwords import Passwords
from fincore.write.staff.signing_keys import SigningKeys


def people_keeper(settings: Settings, pool: Pool) -> PeopleKeeper:
    """Keeps the people. Raises `ConfigurationError` where FINCORE_STAFF_ISSUER names another issuer."""
    require_built_in(settings)
    return PeopleKeeper(pool, Passwords(), read_role)


async def replace_signing_key(settings: Settings, pool: Pool, cause: Cause) -> str:
    """Let a new key sign; its id. Raises `ConfigurationError` where FINCORE_STAFF_ISSUER names another issuer."""
    require_built_in(settings)
    keys = SigningKeys(pool, b64decode(secrets_key(settings).reveal()))
    while True:
        key = await new_signing_key()
        if await keys.replace(key, replaced=await keys.current_id()):
            break
    act = Act(
        actor=cause.actor,
        permission=PERMISSION,
        action="rotate_key",
        object_kind="signing_key",
        object_id=key.key_id,
        reason=cause.reason,
        request_id=cause.request_id,
    )
    async with pool.acquire() as connection, connection.transaction():
        await Acts.add(connection, act)
    return key.key_id


def require_built_in(settings: Settings) -> None:
    """Raise `ConfigurationError` where staff log in at an issuer of the installation's own."""
    if settings.staff_issuer is not None:
        raise ConfigurationError(
            "staff log in at FINCORE_STAFF_ISSUER, which keeps their names and passwords: change them there, and their roles by "
            "FINCORE_STAFF_GROUPS"
        )
