"""What the dashboard must know before a person has logged in. None of it is secret. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

LogoutForm = Literal["oidc", "cognito"]


class LogoutBody(msgspec.Struct, frozen=True, kw_only=True):
    """How the issuer ends its session of a person."""

    form: Annotated[
        LogoutForm,
        Meta(
            description="`oidc`: as OpenID Connect's discovery says; `cognito`: by the form of Amazon Cognito."
        ),
    ]
    address: Annotated[
        str | None, Meta(description="Where Cognito's form is; null where discovery says it.")
    ] = None


class ConfigurationBody(msgspec.Struct, frozen=True, kw_only=True):
    """The issuer that the dashboard sends people to, and as which client."""

    issuer: Annotated[
        str,
        Meta(
            description="The issuer; its discovery document is below.", examples=["https://login.example.com"]
        ),
    ]
    client_id: Annotated[str, Meta(description="The dashboard's id at the issuer.", examples=["fincore"])]
    scope: Annotated[str, Meta(description="What the dashboard asks for.", examples=["openid"])]
    logout: Annotated[LogoutBody, Meta(description="How a person logs out.")]
