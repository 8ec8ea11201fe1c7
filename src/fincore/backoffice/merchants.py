"""Merchants with their API keys, fee plans, origins and raw cards: what staff list, add and take away."""

from fincore.domain.errors import FinCoreError
from fincore.domain.ids import ApiKeyId, MerchantId
from fincore.write.merchants.fee_plans import AgreedPlan, FeePlans
from fincore.write.merchants.merchants import ApiKey, Merchants
from fincore.write.merchants.origin import Origin, read_origin
from fincore.write.merchants.origins import Origins, RegisteredOrigin
from fincore.write.merchants.raw_card_decisions import RawCardDecision, RawCardDecisions


class NoSuchKey(FinCoreError):
    """The merchant has no such key."""

    def __init__(self, merchant_id: MerchantId, key_id: ApiKeyId) -> None:
        super().__init__(
            f"merchant {merchant_id} has no key {key_id}: `fincore key list {merchant_id}` lists the merchant's keys"
        )


class NoSuchOrigin(FinCoreError):
    """The merchant has no such origin in the mode."""

    def __init__(self, merchant_id: MerchantId, origin: Origin, *, livemode: bool) -> None:
        super().__init__(
            f"merchant {merchant_id} has no origin {origin} in {'live' if livemode else 'test'} mode: `fincore merchant origins "
            f"list {merchant_id}` lists the merchant's origins"
        )


async def list_keys(merchants: Merchants, merchant_id: MerchantId) -> list[ApiKey]:
    """A merchant's keys, oldest first; raise `UnknownMerchant`."""
    await merchants.require(merchant_id)
    return await merchants.list_keys(merchant_id)


async def revoke_key(merchants: Merchants, merchant_id: MerchantId, key_id: ApiKeyId) -> None:
    """Stop a key within seconds; raise `NoSuchKey`."""
    if not await merchants.revoke_key(merchant_id, key_id):
        raise NoSuchKey(merchant_id, key_id)


async def list_fee_plans(
    merchants: Merchants, fee_plans: FeePlans, merchant_id: MerchantId
) -> list[AgreedPlan]:
    """Every plan that a merchant has ever had, by currency, the latest last; raise `UnknownMerchant`."""
    await merchants.require(merchant_id)
    return await fee_plans.list(merchant_id)


async def add_origin(
    origins: Origins, merchant_id: MerchantId, text: str, *, livemode: bool
) -> tuple[Origin, bool]:
    """Let a merchant's pages at an origin ask; the origin as it is registered, and whether it is new.

    Raises `OriginNotUsable`, `UnknownMerchant` and `TooManyOrigins`.
    """
    origin = read_origin(text, livemode=livemode)
    return origin, await origins.add(merchant_id, origin, livemode=livemode)


async def list_origins(
    merchants: Merchants, origins: Origins, merchant_id: MerchantId
) -> list[RegisteredOrigin]:
    """The origins of a merchant, those of test mode first; raise `UnknownMerchant`."""
    await merchants.require(merchant_id)
    return await origins.list(merchant_id)


async def remove_origin(origins: Origins, merchant_id: MerchantId, text: str, *, livemode: bool) -> Origin:
    """Take an origin out within seconds; raise `OriginNotUsable` and `NoSuchOrigin`."""
    origin = read_origin(text, livemode=livemode)
    if not await origins.remove(merchant_id, origin, livemode=livemode):
        raise NoSuchOrigin(merchant_id, origin, livemode=livemode)
    return origin


async def list_raw_card_decisions(
    merchants: Merchants, raw_cards: RawCardDecisions, merchant_id: MerchantId
) -> list[RawCardDecision]:
    """Every decision about a merchant's card numbers, the latest of a mode last; raise `UnknownMerchant`."""
    await merchants.require(merchant_id)
    return await raw_cards.list(merchant_id)
