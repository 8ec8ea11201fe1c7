"""The settings that are no secrets, of each role. Values that are known when the stacks are deployed are handed in. Pure."""

from collections.abc import Mapping
from typing import Final

import msgspec

from fincore.bootstrap.roles import Role
from infra.arrows import CACHE_PORT
from infra.functions import Function
from infra.installation import Installation
from infra.pipeline_names import risk_function_arn
from infra.roles import OPS_PORT, SERVICE_OF, Service
from infra.secret_names import FILES_OF_ROLE

SCRATCH: Final = "/run/fincore"
"""The one folder that a role may write to; it is empty when a task starts."""
FUNCTION_SCRATCH: Final = "/tmp"  # noqa: S108 -- the one folder of Lambda that may be written to
_OF_PROCESSES_THAT_RUN_ON: Final = ("FINCORE_HOST", "FINCORE_OPS_PORT")
GROUPS: Final = "viewer=viewer support=support finance=finance admin=admin"
"""The groups of the user pool, and the role that each gives."""


class Deployed(msgspec.Struct, frozen=True, kw_only=True):
    """What is known when the stacks are deployed: names, or references of CloudFormation to them."""

    attempts_table: str
    cache_host: str
    evidence_bucket: str
    event_stream: str
    job_queue: str
    dead_letters: str
    operations_topic: str
    user_pool_id: str
    user_pool_client: str
    user_pool_domain: str
    balancer_networks: Mapping[str, tuple[str, ...]]


def environment_of(role: Role, installation: Installation, deployed: Deployed) -> dict[str, str]:
    """The settings of a role but for its secrets."""
    service = SERVICE_OF[role]
    found = {
        **installation.settings,
        "FINCORE_HOST": "0.0.0.0",  # noqa: S104 -- only the load balancer reaches a task: the arrows say so
        "FINCORE_OPS_PORT": str(OPS_PORT),
        "FINCORE_LOG_FORMAT": "json",
        "FINCORE_METRICS_LOG": "cloudwatch",
        "FINCORE_DATA_DIR": f"{SCRATCH}/data",
        "FINCORE_API_URL": f"https://{installation.hosts.api}",
        "FINCORE_PUBLIC_URL": f"https://{installation.hosts.pay}",
        "FINCORE_STAFF_PORT": "off",
        "TMPDIR": SCRATCH,
    }
    if service.port is not None and service.port_setting is not None:
        found[service.port_setting] = str(service.port)
    if service.balancer is not None:
        found["FINCORE_TRUSTED_PROXIES"] = ",".join(deployed.balancer_networks[service.balancer])
    if service.counts_attempts:
        found |= _of_attempts(installation, deployed)
    if service.asks_risk and "risk" in installation.functions:
        found |= {
            "FINCORE_RISK_FUNCTION": risk_function_arn(installation),
            "FINCORE_RISK_FUNCTION_REGION": installation.region,
        }
    if service.uses_cache:
        found["FINCORE_SHARED_RESPONSES_URL"] = f"rediss://{deployed.cache_host}:{CACHE_PORT}"
    if role == "worker":
        found["FINCORE_CARD_EDGE_URL"] = f"https://{installation.hosts.cards}"
    if role == "card-edge":
        found["FINCORE_CARD_EDGE_HOST"] = "0.0.0.0"  # noqa: S104 -- as above, and under TLS of its own
    if service.keeps_evidence:
        found |= {
            "FINCORE_SETTLEMENT_EVIDENCE": f"s3://{deployed.evidence_bucket}/fincore",
            "FINCORE_SETTLEMENT_BUCKET_REGION": installation.region,
            "FINCORE_SETTLEMENT_BUCKET_KEPT_DAYS": str(installation.evidence_kept_days),
        }
    found |= _of_messages(service, installation, deployed)
    if role == "staff":
        found |= _of_staff(installation, deployed)
    return found | {
        setting: f"{SCRATCH}/{name}" for setting, (_, name) in FILES_OF_ROLE.get(role, {}).items()
    }


def _of_attempts(installation: Installation, deployed: Deployed) -> dict[str, str]:
    return {
        "FINCORE_RISK_STORE": "dynamodb",
        "FINCORE_RISK_DYNAMODB_TABLE": deployed.attempts_table,
        "FINCORE_RISK_DYNAMODB_REGION": installation.region,
    }


def _of_messages(service: Service, installation: Installation, deployed: Deployed) -> dict[str, str]:
    """What a role sends, takes and tells by services of AWS."""
    found: dict[str, str] = {}
    if service.carries_events:
        found |= {
            "FINCORE_EVENT_STREAM": deployed.event_stream,
            "FINCORE_EVENT_STREAM_REGION": installation.region,
        }
    if service.takes_jobs or service.sends_jobs:
        found |= {
            "FINCORE_JOB_QUEUE": deployed.job_queue,
            "FINCORE_JOB_QUEUE_REGION": installation.region,
        }
    if service.sends_jobs:
        found["FINCORE_JOB_DEAD_LETTERS"] = deployed.dead_letters
    if service.tells_operations:
        found["FINCORE_OPS_SNS_TOPIC"] = deployed.operations_topic
    return found


def environment_of_function(
    function: Function, installation: Installation, deployed: Deployed
) -> dict[str, str]:
    """The settings of a function but for its secrets: those of its role, without what serves."""
    found = environment_of(function.role, installation, deployed)
    if function.counts_attempts:
        found |= _of_attempts(installation, deployed)
    kept = {name: value for name, value in found.items() if name not in _OF_PROCESSES_THAT_RUN_ON}
    return kept | {"FINCORE_DATA_DIR": f"{FUNCTION_SCRATCH}/data", "TMPDIR": FUNCTION_SCRATCH}


def _of_staff(installation: Installation, deployed: Deployed) -> dict[str, str]:
    login = f"https://{deployed.user_pool_domain}.auth.{installation.region}.amazoncognito.com"
    return {
        "FINCORE_STAFF_HOST": "0.0.0.0",  # noqa: S104 -- as above
        "FINCORE_STAFF_URL": f"https://{installation.hosts.staff}",
        "FINCORE_STAFF_ISSUER": f"https://cognito-idp.{installation.region}.amazonaws.com/{deployed.user_pool_id}",
        "FINCORE_STAFF_CLIENT_ID": deployed.user_pool_client,
        "FINCORE_STAFF_GROUPS": GROUPS,
        "FINCORE_STAFF_LOGOUT": "cognito",
        "FINCORE_STAFF_LOGOUT_URL": f"{login}/logout",
        "FINCORE_STAFF_ISSUER_ORIGINS": login,
    }
