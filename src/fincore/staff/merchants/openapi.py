"""How `/staff/v1/merchants` is documented."""

from typing import Final

from fincore.domain.ids import MerchantId, parse_merchant_id
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter, path_parameter
from fincore.http.problems import ProblemCode
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS
from fincore.staff.lists import StaffList
from fincore.staff.merchants.body import (
    StaffApiKeyBody,
    StaffApiKeyList,
    StaffFeePlanList,
    StaffMerchantBody,
    StaffMerchantList,
    StaffNewApiKeyBody,
    StaffOriginBody,
    StaffOriginList,
    StaffProposedApiKeyBody,
    StaffRawCardDecisionBody,
    StaffRawCardDecisionList,
)
from fincore.staff.merchants.requests import (
    StaffApiKeyRequest,
    StaffApiKeyRevocationRequest,
    StaffFeePlanRequest,
    StaffMerchantRequest,
    StaffOriginRequest,
    StaffRawCardDecisionRequest,
)
from fincore.staff.proposals.body import StaffProposalBody

TAG: Final = "Merchants"
NAME_FILTER_CHARACTERS_MAX: Final = 100
_ID: Final = path_parameter(
    "merchant_id", "The id of the merchant.", example="mer_01kab5m5wvfb9v1c2m5hfv0d2e"
)
_KEY_ID: Final = path_parameter("key_id", "The id of the key.", example="key_01kab5m5wvfb9v1c2m5hfv0d2e")

_WAITS: Final = Content(
    shape=StaffProposalBody, description="It waits for a second person.", headers=ACT_HEADERS
)

MERCHANTS: Final[StaffList[MerchantId, StaffMerchantBody]] = StaffList(
    "merchants",
    tag=TAG,
    description="Lists the merchants that you see in a mode, oldest first.",
    filters=(
        Parameter(
            name="name",
            place="query",
            description="Only merchants with this text in their name, in upper or lower case.",
            schema={"type": "string", "minLength": 1, "maxLength": NAME_FILTER_CHARACTERS_MAX},
        ),
    ),
    parse_id=parse_merchant_id,
    body=StaffMerchantList,
    of_merchants=False,
)
LIST_MERCHANTS: Final = MERCHANTS.operation


def _read(operation_id: str, summary: str, description: str, shape: type) -> Operation:
    return Operation(
        operation_id=operation_id,
        summary=summary,
        description=description,
        tag=TAG,
        parameters=(_ID,),
        responses={200: Content(shape=shape, description=f"{summary.removeprefix('Get ').capitalize()}.")},
        problems=(*READ_PROBLEMS, "merchant_not_found"),
    )


def _act(
    operation_id: str,
    summary: str,
    description: str,
    *,
    request: type,
    answer: type,
    status: int = 200,
    path: tuple[Parameter, ...] = (_ID,),
    problems: tuple[ProblemCode, ...] = ("merchant_not_found",),
) -> Operation:
    return Operation(
        operation_id=operation_id,
        summary=summary,
        description=description,
        tag=TAG,
        parameters=(*path, *ACT_PARAMETERS),
        request_body=Content(shape=request, description="What to do, and why."),
        responses={status: Content(shape=answer, description="It is done.", headers=ACT_HEADERS)},
        problems=(*ACT_PROBLEMS, *problems),
    )


GET_MERCHANT: Final = _read("get_merchant", "Get a merchant", "Returns a merchant.", StaffMerchantBody)
LIST_KEYS: Final = _read(
    "list_api_keys",
    "List API keys",
    "Lists the keys of a merchant in the modes that you see, never a whole key.",
    StaffApiKeyList,
)
LIST_PLANS: Final = _read(
    "list_fee_plans",
    "List fee plans",
    "Lists every fee plan that a merchant has had. In each currency the latest one counts.",
    StaffFeePlanList,
)
LIST_ORIGINS: Final = _read(
    "list_origins",
    "List origins",
    "Lists from which pages a merchant's customers may ask with a publishable key.",
    StaffOriginList,
)
LIST_RAW_CARDS: Final = _read(
    "list_raw_card_decisions",
    "List decisions about raw cards",
    "Lists every decision whether a merchant may send card numbers. In each mode the latest one counts.",
    StaffRawCardDecisionList,
)

CREATE_MERCHANT: Final = _act(
    "create_merchant",
    "Create a merchant",
    "Registers a merchant. It needs the permission in both modes and for all merchants.",
    request=StaffMerchantRequest,
    answer=StaffMerchantBody,
    status=201,
    path=(),
    problems=(),
)
CREATE_KEY: Final = Operation(
    operation_id="create_api_key",
    summary="Create an API key",
    description="Creates a key of test mode, or proposes one of live mode, which works once a second person has approved it. `secret` is in the first "
    "answer alone.",
    tag=TAG,
    parameters=(_ID, *ACT_PARAMETERS),
    request_body=Content(shape=StaffApiKeyRequest, description="Which key, and why."),
    responses={
        201: Content(
            shape=StaffNewApiKeyBody,
            description="The key of test mode, which works now.",
            headers=ACT_HEADERS,
        ),
        202: Content(
            shape=StaffProposedApiKeyBody,
            description="The key of live mode waits for a second person.",
            headers=ACT_HEADERS,
        ),
    },
    problems=(*ACT_PROBLEMS, "merchant_not_found", "act_not_possible"),
)
REVOKE_KEY: Final = _act(
    "revoke_api_key",
    "Revoke an API key",
    "Revokes a key for good; the API refuses it within seconds. Revoking it again is answered alike.",
    request=StaffApiKeyRevocationRequest,
    answer=StaffApiKeyBody,
    path=(_ID, _KEY_ID),
    problems=("merchant_not_found", "api_key_not_found"),
)
SET_PLAN: Final = Operation(
    operation_id="set_fee_plan",
    summary="Propose a fee plan",
    description="Proposes what the platform charges for each capture in a currency, in both modes. It counts for charges created after a second person "
    "has agreed. It needs the permission in live mode.",
    tag=TAG,
    parameters=(_ID, *ACT_PARAMETERS),
    request_body=Content(shape=StaffFeePlanRequest, description="The plan, and why."),
    responses={202: _WAITS},
    problems=(*ACT_PROBLEMS, "merchant_not_found", "currency_unknown", "act_not_possible"),
)
ADD_ORIGIN: Final = _act(
    "add_origin",
    "Register an origin",
    "Registers an origin of a merchant's pages. It counts within seconds. One that is registered already is answered alike.",
    request=StaffOriginRequest,
    answer=StaffOriginBody,
    problems=("merchant_not_found", "origins_too_many"),
)
REMOVE_ORIGIN: Final = _act(
    "remove_origin",
    "Remove an origin",
    "Takes an origin out; its pages are refused within seconds.",
    request=StaffOriginRequest,
    answer=StaffOriginBody,
    problems=("merchant_not_found", "origin_not_found"),
)
DECIDE_RAW_CARDS: Final = Operation(
    operation_id="decide_raw_cards",
    summary="Decide about raw cards",
    description="Lets a merchant send card numbers to the card edge, or no longer. It counts within seconds; to let it in live mode is a proposal. A "
    "merchant that may, and this installation, are in scope of PCI DSS SAQ D.",
    tag=TAG,
    parameters=(_ID, *ACT_PARAMETERS),
    request_body=Content(shape=StaffRawCardDecisionRequest, description="What is decided, and why."),
    responses={
        200: Content(shape=StaffRawCardDecisionBody, description="It is decided.", headers=ACT_HEADERS),
        202: _WAITS,
    },
    problems=(*ACT_PROBLEMS, "merchant_not_found", "act_not_possible"),
)
