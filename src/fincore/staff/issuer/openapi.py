"""How the paths of the built-in issuer are documented. They are not of `/staff/v1`, and in no document."""

from typing import Final

from fincore.http.openapi import Content, Operation
from fincore.http.problems import ProblemCode

_TAG: Final = "Issuer"
_FORM_PROBLEMS: Final[tuple[ProblemCode, ...]] = (
    "media_type_unsupported",
    "field_repeated",
    "field_invalid",
    "text_not_storable",
    "body_too_large",
    "body_too_slow",
)


def issuer_operation(
    name: str, summary: str, description: str, *, status: int = 200, posts_form: bool = False
) -> Operation:
    """One operation, which needs no access token."""
    return Operation(
        operation_id=name,
        summary=summary,
        description=description,
        tag=_TAG,
        is_authenticated=False,
        responses={status: Content(shape=None, description=summary)},
        problems=_FORM_PROBLEMS if posts_form else (),
    )


DISCOVERY: Final = issuer_operation(
    "issuer_discovery", "Get the discovery", "OpenID Connect Discovery 1.0, 4."
)
KEYS: Final = issuer_operation("issuer_keys", "Get the key set", "RFC 7517, 5.")
STYLE: Final = issuer_operation("issuer_style", "Get the style", "The style of the pages of the login.")
AUTHORIZE: Final = issuer_operation(
    "issuer_authorize", "Ask for a code", "RFC 6749, 4.1.1, with PKCE (RFC 7636)."
)
LOG_IN: Final = issuer_operation(
    "issuer_login", "Log in", "The form of the login.", status=303, posts_form=True
)
CHOOSE_PASSWORD: Final = issuer_operation(
    "issuer_password", "Choose a password", "The form after a one-time password.", status=303, posts_form=True
)
LOG_OUT: Final = issuer_operation(
    "issuer_logout",
    "Log out",
    "Ends the session of the browser, in the form of Amazon Cognito or of OpenID Connect.",
    status=303,
)
TOKEN: Final = issuer_operation(
    "issuer_token", "Get tokens", "RFC 6749, 4.1.3 and 6: for a code or a refresh token.", posts_form=True
)
