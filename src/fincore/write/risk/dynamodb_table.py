"""The table of the risk store in DynamoDB: items by id, read consistently and changed by transactions.

An item has the attributes `id` (the key), `version` and `state`, all bytes, and `expires_at` (seconds since 1970): some time after
that DynamoDB deletes it. No reader relies on that.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from fincore.domain.errors import StoreUnavailable
from fincore.write.risk.counted_batch import Item, Write

ITEMS_MAX: Final = 100
"""Items of one transaction, and of one request to read: DynamoDB takes no more."""
CREATION_SECONDS_MAX: Final = 120
"""How long a new table may take until it can be used."""
_LOOK_AGAIN_SECONDS: Final = 0.5

TableState = Literal["absent", "creating", "other_key", "without_ttl", "ready"]
"""`other_key`: a table of something else; `without_ttl`: it can be used, and grows without end."""


class DynamoClient(Protocol):
    """What is used of the client that aiobotocore makes. Each raises `ClientError` and `BotoCoreError` of botocore."""

    async def batch_get_item(self, **request: Any) -> Mapping[str, Any]: ...
    async def transact_write_items(self, **request: Any) -> Mapping[str, Any]: ...
    async def describe_table(self, **request: Any) -> Mapping[str, Any]: ...
    async def describe_time_to_live(self, **request: Any) -> Mapping[str, Any]: ...
    async def create_table(self, **request: Any) -> Mapping[str, Any]: ...
    async def update_time_to_live(self, **request: Any) -> Mapping[str, Any]: ...


class Found(NamedTuple):
    """The items that are there, by id, and the ids of those that could not be read now because too much is asked of them."""

    items: Mapping[bytes, Item]
    unread: frozenset[bytes]


_CHANGED: Final = frozenset({"ConditionalCheckFailed", "TransactionConflict"})
_THROTTLED: Final = frozenset({"ProvisionedThroughputExceeded", "ThrottlingError"})
"""Why a transaction was canceled, by its item."""

_ASKED_TOO_OFTEN: Final = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""Why a request was refused as a whole, and may be taken a moment later."""

_REFUSED: Final[Mapping[str, str]] = {
    "AccessDeniedException": "DynamoDB denies access to the table",
    "ExpiredTokenException": "the credentials for DynamoDB have expired",
    "IncompleteSignatureException": "DynamoDB refuses the credentials",
    "InvalidSignatureException": "DynamoDB refuses the credentials",
    "MissingAuthenticationTokenException": "DynamoDB refuses the credentials",
    "ResourceNotFoundException": "the table is not there",
    "UnrecognizedClientException": "DynamoDB refuses the credentials",
}
"""What an operator has to see to, as a clause; nothing is known of what was asked."""

_SERVER_ERROR: Final = 500


class DynamoTable:
    """A table by its name, through a client that repeats nothing by itself.

    Every method raises `StoreUnavailable`. What botocore tells of an error beyond its code is left out: it may hold a signed
    request.
    """

    def __init__(self, client: DynamoClient, name: str) -> None:
        self._client = client
        self._name = name

    async def read(self, ids: Collection[bytes]) -> Found:
        """The items of some ids, at most `ITEMS_MAX`, each as its last change left it."""
        keys = [{"id": {"B": item_id}} for item_id in ids]
        try:
            answer = await self._client.batch_get_item(
                RequestItems={self._name: {"Keys": keys, "ConsistentRead": True}}
            )
        except (BotoCoreError, ClientError, OSError) as error:
            if _code_of(error) in _ASKED_TOO_OFTEN:
                return Found({}, frozenset(ids))
            raise _failure(error) from None
        items = {
            row["id"]["B"]: Item(row["version"]["B"], row["state"]["B"])
            for row in answer.get("Responses", {}).get(self._name, ())
        }
        unread = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", ())
        return Found(items, frozenset(key["id"]["B"] for key in unread))

    async def write(
        self,
        writes: Sequence[Write],
        relied_on: Collection[bytes],
        *,
        found: Mapping[bytes, Item],
        version: bytes,
        kept_seconds: int,
    ) -> frozenset[bytes]:
        """Write some items, all or none, and only if each of them and of those relied on is as it was found.

        `version` is one that no item has had. DynamoDB may delete them `kept_seconds` after they count nothing any more.
        Returns the ids of the items for which nothing was written, because they changed or too much is asked of them: none if all was.
        """
        ids = [write.item_id for write in writes] + list(relied_on)
        actions: list[dict[str, Any]] = []
        for write in writes:
            item: dict[str, Any] = {
                "id": {"B": write.item_id},
                "version": {"B": version},
                "state": {"B": write.state},
                "expires_at": {"N": str(write.lapses_at + kept_seconds)},
            }
            actions.append({"Put": self._if_as_found(found.get(write.item_id)) | {"Item": item}})
        actions += [
            {"ConditionCheck": self._if_as_found(found.get(item_id)) | {"Key": {"id": {"B": item_id}}}}
            for item_id in relied_on
        ]
        try:
            await self._client.transact_write_items(TransactItems=actions)
        except (BotoCoreError, ClientError, OSError) as error:
            if _code_of(error) in _ASKED_TOO_OFTEN:
                return frozenset(ids)
            if contended := _contended(error, ids):
                return contended
            raise _failure(error) from None
        return frozenset()

    def _if_as_found(self, item: Item | None) -> dict[str, Any]:
        # Names of attributes are given by `#`: some are reserved words.
        if item is None:
            return {
                "TableName": self._name,
                "ConditionExpression": "attribute_not_exists(#id)",
                "ExpressionAttributeNames": {"#id": "id"},
            }
        return {
            "TableName": self._name,
            "ConditionExpression": "#version = :version",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": {":version": {"B": item.version}},
        }

    async def state(self) -> TableState:
        """Whether the table can be used."""
        try:
            table = (await self._client.describe_table(TableName=self._name))["Table"]
            if table["KeySchema"] != [_KEY] or table["AttributeDefinitions"] != [_ATTRIBUTE]:
                return "other_key"
            if table["TableStatus"] == "CREATING":
                return "creating"
            ttl = (await self._client.describe_time_to_live(TableName=self._name))["TimeToLiveDescription"]
        except (BotoCoreError, ClientError, OSError) as error:
            if _code_of(error) == "ResourceNotFoundException":
                return "absent"
            raise _failure(error) from None
        deletes = ttl["TimeToLiveStatus"] in {"ENABLED", "ENABLING"} and ttl["AttributeName"] == _EXPIRES_AT
        return "ready" if deletes else "without_ttl"

    async def create(self) -> TableState:
        """Create the table, billed by request and deleting what has expired, as far as that is not done; return what it was before."""
        before = state = await self.state()
        if state == "other_key":
            return before
        try:
            if state == "absent":
                await self._client.create_table(
                    TableName=self._name,
                    AttributeDefinitions=[_ATTRIBUTE],
                    KeySchema=[_KEY],
                    BillingMode="PAY_PER_REQUEST",
                )
            async with asyncio.timeout(CREATION_SECONDS_MAX):
                while (state := await self.state()) in {"absent", "creating"}:  # noqa: ASYNC110 -- DynamoDB is asked, and tells by itself of nothing
                    await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            if state == "without_ttl":
                await self._client.update_time_to_live(
                    TableName=self._name,
                    TimeToLiveSpecification={"Enabled": True, "AttributeName": _EXPIRES_AT},
                )
        except TimeoutError:
            raise StoreUnavailable(
                f"DynamoDB is still creating the table after {CREATION_SECONDS_MAX} s"
            ) from None
        except (BotoCoreError, ClientError, OSError) as error:
            raise _failure(error) from None
        return before


_EXPIRES_AT: Final = "expires_at"
_KEY: Final = {"AttributeName": "id", "KeyType": "HASH"}
_ATTRIBUTE: Final = {"AttributeName": "id", "AttributeType": "B"}


def _code_of(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _contended(error: Exception, ids: Sequence[bytes]) -> frozenset[bytes]:
    """The items for which a transaction was canceled, if each of them may be taken a moment later."""
    if _code_of(error) != "TransactionCanceledException" or not isinstance(error, ClientError):
        return frozenset()
    reasons = [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", ())]
    if len(reasons) != len(ids) or not set(reasons) <= _CHANGED | _THROTTLED | {"None"}:
        return frozenset()
    return frozenset(item_id for item_id, reason in zip(ids, reasons, strict=True) if reason != "None")


def _failure(error: Exception) -> Exception:
    """What an error means to those who asked; one that a repetition would only meet again is a defect."""
    if not isinstance(error, ClientError):
        return StoreUnavailable(f"DynamoDB cannot be reached ({type(error).__name__})")
    code = _code_of(error)
    if clause := _REFUSED.get(code):
        return StoreUnavailable(f"{clause} ({code})")
    if code in _ASKED_TOO_OFTEN:
        return StoreUnavailable(f"DynamoDB takes no more requests now ({code})")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= _SERVER_ERROR:
        return StoreUnavailable(f"DynamoDB has failed ({code}, HTTP {status})")
    reasons = {str(reason.get("Code")) for reason in error.response.get("CancellationReasons", ())}
    return RuntimeError(" ".join(["DynamoDB refused a request:", code, *sorted(reasons)]))
