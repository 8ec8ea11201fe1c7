"""/staff/v1/merchants/{merchant_id}/keys: a merchant's API keys."""

import msgspec

from fincore.backoffice.merchants import list_keys
from fincore.domain.clock import Clock
from fincore.domain.ids import MerchantId, parse_api_key_id
from fincore.domain.secret import Secret
from fincore.eventstore.commit import IdempotencyKey
from fincore.eventstore.idempotent_changes import Transaction
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotency_key import fingerprint_of
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.acting import Deed, Made, StaffActs, read_act
from fincore.staff.merchants.body import (
    StaffApiKeyList,
    StaffNewApiKeyBody,
    StaffProposedApiKeyBody,
    mode_word,
    render_key,
    render_new_key,
)
from fincore.staff.merchants.openapi import CREATE_KEY, LIST_KEYS, REVOKE_KEY
from fincore.staff.merchants.requests import CREATE_KEY as READ_CREATE
from fincore.staff.merchants.requests import REVOKE_KEY as READ_REVOKE
from fincore.staff.merchants.requests import StaffApiKeyRequest
from fincore.staff.merchants.seen_merchant import modes_seen, not_found, require, seen_merchant
from fincore.staff.proposals.body import StaffProposalBody
from fincore.staff.proposing import Proposing
from fincore.write.merchants.merchants import ApiKey, Merchants, NameNotUsable, UnknownMerchant, minted_key
from fincore.write.staff.act_names import ActName
from fincore.write.staff.proposals import NewProposal


class ApiKeyHandlers:
    """The handlers of keys. A whole key is in the answer that made it, and nowhere else: not in the one that is kept for repetitions."""

    def __init__(
        self,
        admission: Admission,
        acts: StaffActs,
        proposing: Proposing,
        merchants: Merchants,
        clock: Clock,
    ) -> None:
        self._admission = admission
        self._acts = acts
        self._proposing = proposing
        self._merchants = merchants
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, path = self._admission.route, "/staff/v1/merchants/{merchant_id}/keys"
        return (
            route("GET", path, LIST_KEYS, self.list, permission="merchants.read"),
            route("POST", path, CREATE_KEY, self.create, permission="merchants.manage"),
            route(
                "POST", f"{path}/{{key_id}}/revoke", REVOKE_KEY, self.revoke, permission="merchants.manage"
            ),
        )

    async def list(self, call: Call, visit: Visit) -> Response:
        """A merchant's keys."""
        merchant_id = seen_merchant(call, visit)
        modes = set(modes_seen(visit, merchant_id))
        try:
            found = await list_keys(self._merchants, merchant_id)
        except UnknownMerchant:
            raise not_found() from None
        shown = [render_key(key) for key in found if mode_word(livemode=key.livemode) in modes]
        return json_response(200, StaffApiKeyList(data=shown))

    async def create(self, call: Call, visit: Visit) -> Response:
        """A new key."""
        merchant_id = seen_merchant(call, visit)
        request = await read_act(call, READ_CREATE)
        require(visit, merchant_id, request.mode)
        if request.mode == "live":
            return await self._propose(call, visit, merchant_id, request)
        made: list[tuple[ApiKey, Secret]] = []

        async def make(transaction: Transaction) -> Made:
            key, secret = await self._made(transaction, merchant_id, request)
            made[:] = [(key, secret)]
            return Made(json_response(201, render_new_key(key, None)), _deed("create_key", key))

        response = await self._acts.change(call, visit, request, make, livemode=False)
        if not made or ("idempotent-replayed", "true") in response.headers:
            return response
        key, secret = made[0]
        shown: StaffNewApiKeyBody = render_new_key(key, secret.reveal())
        return msgspec.structs.replace(response, body=json_response(201, shown).body)

    async def revoke(self, call: Call, visit: Visit) -> Response:
        """Stop a key for good."""
        merchant_id = seen_merchant(call, visit)
        key_id = call.path_id("key_id", parse_api_key_id, "api_key_not_found")
        found = await self._merchants.find_key(merchant_id, key_id)
        if found is None or mode_word(livemode=found.livemode) not in set(modes_seen(visit, merchant_id)):
            raise Problem("api_key_not_found", param="key_id")
        require(visit, merchant_id, mode_word(livemode=found.livemode))
        request = await read_act(call, READ_REVOKE)

        async def make(transaction: Transaction) -> Made:
            merchants = Merchants(transaction, self._clock)
            is_revoked = await merchants.revoke_key(merchant_id, key_id)
            key = await merchants.find_key(merchant_id, key_id)
            if not is_revoked or key is None:
                raise Problem("api_key_not_found", param="key_id")
            return Made(json_response(200, render_key(key)), _deed("revoke_key", key))

        return await self._acts.change(call, visit, request, make, livemode=found.livemode)

    async def _propose(
        self, call: Call, visit: Visit, merchant_id: MerchantId, request: StaffApiKeyRequest
    ) -> Response:
        """A live key, minted now, that works from the approval of a second person on."""
        if await self._merchants.find(merchant_id) is None:
            raise not_found()
        try:
            minted = minted_key(merchant_id, request.kind, livemode=True, name=request.name)
        except NameNotUsable as refused:
            raise Problem("field_invalid", f"Not proposed: {refused}.", param="name") from None
        new = NewProposal(
            kind="live_key",
            livemode=True,
            merchant_id=merchant_id,
            object_id=minted.row.key_id,
            money=None,
            act=minted.row,
            proposer=visit.person.actor,
            reason=request.reason,
            needed_because="a live key moves real money",
        )
        fingerprint = fingerprint_of(call.method, call.path, request)

        async def carry(key: IdempotencyKey) -> Response:
            return await self._proposing.propose(key, fingerprint, new)

        deed = Deed(
            action="create_key",
            object_kind="merchant",
            object_id=merchant_id,
            livemode=True,
            merchant_id=merchant_id,
            details={"kind": request.kind, "name": request.name},
        )
        response = await self._acts.carry_out(call, visit, request, deed, carry)
        is_first = ("idempotent-replayed", "true") not in response.headers
        body = StaffProposedApiKeyBody(
            proposal=msgspec.json.decode(response.body, type=StaffProposalBody),
            secret=minted.key.secret.reveal() if is_first else None,
        )
        return msgspec.structs.replace(response, body=json_response(202, body).body)

    async def _made(
        self, transaction: Transaction, merchant_id: MerchantId, request: StaffApiKeyRequest
    ) -> tuple[ApiKey, Secret]:
        merchants = Merchants(transaction, self._clock)
        try:
            new = await merchants.create_key(merchant_id, request.kind, livemode=False, name=request.name)
        except UnknownMerchant:
            raise not_found() from None
        except NameNotUsable as refused:
            raise Problem("field_invalid", f"Not created: {refused}.", param="name") from None
        key = await merchants.find_key(merchant_id, new.key_id)
        if key is None:
            raise AssertionError("a key that was inserted in this transaction cannot be missing")
        return key, new.secret


def _deed(action: ActName, key: ApiKey) -> Deed:
    return Deed(
        action=action,
        object_kind="api_key",
        object_id=key.key_id,
        livemode=key.livemode,
        merchant_id=key.merchant_id,
        details={"kind": key.kind, "name": key.name},
    )
