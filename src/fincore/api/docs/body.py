"""What the index answers."""

from typing import Annotated

import msgspec
from msgspec import Meta

from fincore.version import VERSION


class IndexBody(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go from here."""

    name: Annotated[str, Meta(description="The product.")] = "FinCore Payments"
    version: Annotated[str, Meta(description="The version of FinCore that answers.")] = VERSION
    docs: Annotated[str, Meta(description="The path of the API's documentation.")] = "/docs"
    openapi: Annotated[str, Meta(description="The path of the OpenAPI document.")] = "/openapi.json"
    charges: Annotated[str, Meta(description="The path of the charges.")] = "/v1/charges"
