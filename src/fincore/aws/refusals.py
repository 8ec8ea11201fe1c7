"""What an error of the AWS library means to an operator, without what it holds: it may hold a signed request."""

from collections.abc import Mapping
from typing import Final

from botocore.exceptions import ClientError

_CLAUSES: Final[Mapping[str, str]] = {
    "AccessDenied": "denies access",
    "AccessDeniedException": "denies access",
    "ExpiredToken": "says that the credentials have expired",
    "ExpiredTokenException": "says that the credentials have expired",
    "InvalidClientTokenId": "refuses the credentials",
    "InvalidSignatureException": "refuses the credentials",
    "KMSAccessDeniedException": "may not use the key that encrypts it",
    "QueueDoesNotExist": "has no such queue",
    "AWS.SimpleQueueService.NonExistentQueue": "has no such queue",
    "TooManyRequestsException": "runs as many invocations as it may",
    "UnrecognizedClientException": "refuses the credentials",
}
_RESOURCES: Final[Mapping[str, str]] = {"Kinesis": "stream", "Lambda": "function"}


def said_by(service: str, error: Exception) -> str:
    """An error as one clause, such as `Kinesis denies access`."""
    if not isinstance(error, ClientError):
        return f"{service} cannot be reached ({type(error).__name__})"
    code = str(error.response.get("Error", {}).get("Code", ""))
    clause = _CLAUSES.get(code)
    if code == "ResourceNotFoundException":
        clause = f"has no such {_RESOURCES[service]}" if service in _RESOURCES else None
    return f"{service} {clause} ({code})" if clause else f"{service} refuses the call ({code or 'no code'})"
