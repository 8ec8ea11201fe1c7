"""The stack `data`: the three databases, the cache, the table of risk, the queues and the stream, the topic for operations, the bucket of evidence, and the secrets."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_backup as backup
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from infra.arrows import CACHE, CACHE_PORT, STORES
from infra.buckets import access_logs, bucket
from infra.databases import database
from infra.installation import Installation
from infra.keys import key
from infra.network import Network
from infra.secret_names import OF_CARDS, dsn, stored_secrets

RECEIVES_MAX: Final = 5
"""How often a message may be received before it is a dead letter."""
VISIBILITY_SECONDS: Final = 180
_KEPT: Final = cdk.RemovalPolicy.RETAIN


class StoredSecret(NamedTuple):
    """Where a secret is, and the key that encrypts it."""

    arn: str
    key_arn: str


class Data(NamedTuple):
    """What other stacks need of this one. `secrets` by setting, `databases` by store: the id of the instance."""

    stack: Any
    databases: Mapping[str, str]
    secrets: Mapping[str, StoredSecret]
    attempts: Any
    evidence: Any
    events: Any
    jobs: Any
    dead_jobs: Any
    dead_records: Any
    moving_key: Any
    vault_key: Any
    operations: Any
    cache_host: str


def data_stack(app: Any, name: str, installation: Installation, environment: Any, network: Network) -> Data:
    """Make the stack."""
    stack = cdk.Stack(app, name, env=environment, synthesizer=cdk.BootstraplessSynthesizer())
    stored_key = key(stack, "StoredKey", "databases, tables, backups, the cache")
    secret_key = key(stack, "SecretKey", "secrets but those of cards")
    card_key = key(stack, "CardKey", "secrets of cards")
    moving_key = key(stack, "MovingKey", "events, jobs and notices under way")
    evidence_key = key(stack, "EvidenceKey", "evidence", services=("s3",))
    vault_key = key(stack, "VaultKey", "data keys of kept cards")
    cdk.CfnOutput(
        stack,
        "VaultKeyArn",
        description="The key for kept cards: FINCORE_VAULT_KEYS may name it.",
        value=vault_key.key_arn,
    )
    databases = [
        database(stack, store, installation, network, stored_key=stored_key, secret_key=secret_key)
        for store in STORES
    ]
    secrets = {dsn(one.store): StoredSecret(one.dsn.secret_arn, secret_key.key_arn) for one in databases} | {
        setting: _secret(stack, setting, installation, card_key if setting in OF_CARDS else secret_key)
        for setting in stored_secrets(installation)
    }
    _backups(stack, installation, [one.instance for one in databases], stored_key)
    dead = _queue(stack, "DeadJobs", moving_key)
    return Data(
        stack=stack,
        databases={one.store: one.instance.instance_identifier for one in databases},
        secrets=secrets,
        attempts=_attempts(stack, stored_key),
        evidence=_evidence(stack, installation, evidence_key),
        events=kinesis.Stream(
            stack,
            "Events",
            stream_mode=kinesis.StreamMode.PROVISIONED,
            shard_count=installation.sized.shards,
            retention_period=cdk.Duration.days(7),
            encryption=kinesis.StreamEncryption.KMS,
            encryption_key=moving_key,
            removal_policy=_KEPT,
        ),
        jobs=_queue(
            stack,
            "Jobs",
            moving_key,
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=RECEIVES_MAX, queue=dead),
        ),
        dead_jobs=dead,
        dead_records=_queue(stack, "DeadRecords", moving_key),
        moving_key=moving_key,
        vault_key=vault_key,
        operations=_operations(stack, installation, moving_key),
        cache_host=_cache(stack, installation, network, stored_key),
    )


def _secret(stack: Any, setting: str, installation: Installation, encrypts: Any) -> StoredSecret:
    """A secret without a value until an operator gives it one: a value that is generated here would be no key."""
    made = secretsmanager.CfnSecret(
        stack,
        f"Secret{_camel(setting)}",
        name=f"fincore/{installation.stage}/{setting}",
        description=f"FinCore: {setting}. Put the value here before the stack with the services is deployed.",
        kms_key_id=encrypts.key_arn,
    )
    made.apply_removal_policy(_KEPT)
    return StoredSecret(made.ref, encrypts.key_arn)


def _queue(stack: Any, name: str, moving_key: Any, **options: Any) -> Any:
    return sqs.Queue(
        stack,
        name,
        encryption=sqs.QueueEncryption.KMS,
        encryption_master_key=moving_key,
        enforce_ssl=True,
        retention_period=cdk.Duration.days(14),
        visibility_timeout=cdk.Duration.seconds(VISIBILITY_SECONDS),
        removal_policy=_KEPT,
        **options,
    )


def operations_arn(installation: Installation) -> str:
    """The topic on which operations are told of settlements, as settings name it."""
    return f"arn:aws:sns:{installation.region}:{installation.account}:{_operations_name(installation)}"


def _operations_name(installation: Installation) -> str:
    return f"fincore-{installation.stage}-operations"


def _operations(stack: Any, installation: Installation, moving_key: Any) -> Any:
    topic = sns.Topic(
        stack,
        "Operations",
        topic_name=_operations_name(installation),
        master_key=moving_key,
        enforce_ssl=True,
    )
    for number, address in enumerate(installation.told.emails, start=1):
        sns.CfnSubscription(
            stack, f"OperationsMail{number}", topic_arn=topic.topic_arn, protocol="email", endpoint=address
        )
    return topic


def _attempts(stack: Any, stored_key: Any) -> Any:
    """The table as `fincore risk store create` creates it."""
    return dynamodb.Table(
        stack,
        "Attempts",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.BINARY),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
        encryption_key=stored_key,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        time_to_live_attribute="expires_at",
        deletion_protection=True,
        removal_policy=_KEPT,
    )


def _evidence(stack: Any, installation: Installation, evidence_key: Any) -> Any:
    """Settlement files as they came: kept in compliance mode, in which no person can delete them before their time."""
    return bucket(
        stack,
        "Evidence",
        encryption_key=evidence_key,
        object_lock_enabled=True,
        object_lock_default_retention=s3.ObjectLockRetention.compliance(
            cdk.Duration.days(installation.evidence_kept_days)
        ),
        server_access_logs_bucket=access_logs(stack, "EvidenceAccess"),
    )


def _cache(stack: Any, installation: Installation, network: Network, stored_key: Any) -> str:
    subnets = elasticache.CfnSubnetGroup(
        stack,
        "CacheSubnets",
        description="FinCore: cache",
        subnet_ids=network.vpc.select_subnets(subnet_group_name="data").subnet_ids,
    )
    group = elasticache.CfnReplicationGroup(
        stack,
        "Cache",
        replication_group_description="FinCore: answers to repeated requests, in front of the row that holds them",
        engine="valkey",
        engine_version="8.0",
        cache_node_type=installation.sized.cache,
        num_node_groups=1,
        replicas_per_node_group=1,
        automatic_failover_enabled=True,
        multi_az_enabled=True,
        port=CACHE_PORT,
        transit_encryption_enabled=True,
        transit_encryption_mode="required",
        at_rest_encryption_enabled=True,
        kms_key_id=stored_key.key_arn,
        cache_subnet_group_name=subnets.ref,
        security_group_ids=[network.groups[CACHE].security_group_id],
        auto_minor_version_upgrade=True,
        snapshot_retention_limit=0,
    )
    host: str = group.attr_primary_end_point_address
    return host


def _backups(stack: Any, installation: Installation, instances: list[Any], stored_key: Any) -> None:
    """A copy of each database once a day in a vault, beside the point-in-time recovery of RDS itself."""
    vault = backup.BackupVault(stack, "Backups", encryption_key=stored_key, removal_policy=_KEPT)
    plan = backup.BackupPlan(
        stack,
        "BackupPlan",
        backup_vault=vault,
        backup_plan_rules=[
            backup.BackupPlanRule(
                rule_name="daily",
                schedule_expression=cdk.aws_events.Schedule.cron(hour="3", minute="30"),
                delete_after=cdk.Duration.days(installation.sized.backups_kept_days),
            )
        ],
    )
    plan.add_selection(
        "Databases", resources=[backup.BackupResource.from_rds_database_instance(one) for one in instances]
    )


def _camel(setting: str) -> str:
    return "".join(part.title() for part in setting.removeprefix("FINCORE_").split("_"))
