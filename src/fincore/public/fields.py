"""Fields that many bodies have, each with its meaning."""

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta

CHARGE_ID_EXAMPLE: Final = "ch_01kab5m5wvfb9v1c2m5hfv0d2e"

ObjectName = Meta(description="The kind of object.")
"""Goes with the `Literal` of a body's `object`."""
Livemode = Annotated[
    bool, Meta(description="`true`: real money, made with a live key. `false`: test mode, no money moves.")
]
CurrencyCode = Annotated[
    str, Meta(description="ISO 4217 code of the currency, in lower case.", examples=["eur"])
]
ChargeReference = Annotated[
    str, Meta(description="The id of the charge that it belongs to.", examples=[CHARGE_ID_EXAMPLE])
]
CreatedAt = Annotated[datetime, Meta(description="When FinCore created it.")]
UpdatedAt = Annotated[datetime, Meta(description="When it last changed.")]
StoredMetadata = Annotated[
    dict[str, str], Meta(description="The keys and values that you sent.", examples=[{"order_id": "6735"}])
]
HasMore = Annotated[
    bool, Meta(description="`true`: more entries follow this page. Request them with `next_cursor`.")
]
NextCursor = Annotated[
    str | None, Meta(description="Send it as `cursor` to get the next page; null on the last page.")
]
