"""Merchants with their API keys and fee plans: what staff list and revoke."""

from fincore.domain.errors import FinCoreError
from fincore.domain.ids import ApiKeyId, MerchantId
from fincore.write.merchants.fee_plans import AgreedPlan, FeePlans
from fincore.write.merchants.merchants import ApiKey, Merchants


class NoSuchKey(FinCoreError):
    """The merchant has no such key."""

    def __init__(self, merchant_id: MerchantId, key_id: ApiKeyId) -> None:
        super().__init__(
            f"merchant {merchant_id} has no key {key_id}: `fincore key list {merchant_id}` lists the merchant's keys"
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
