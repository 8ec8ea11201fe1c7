"""One database of RDS for each store: PostgreSQL 18 in two zones, TLS alone, encrypted, with its DSN as a secret."""

from typing import Any, Final, NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager

from infra.arrows import POSTGRES_PORT
from infra.image import CERTIFICATES
from infra.installation import Installation
from infra.network import Network
from infra.secret_names import dsn

LOGIN: Final = "fincore"
PARAMETERS: Final = {
    "rds.force_ssl": "1",
    "ssl_min_protocol_version": "TLSv1.2",
    "password_encryption": "scram-sha-256",
    # A session that is killed within a transaction must not hold the readers of the log back.
    "idle_in_transaction_session_timeout": "30000",
    "log_connections": "all",
    "log_disconnections": "1",
    "log_lock_waits": "1",
    "log_min_duration_statement": "1000",
    # Statements may hold what customers are called: only their form is logged.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class Database(NamedTuple):
    """The database of a store, and the secret with its DSN."""

    store: str
    instance: Any
    dsn: Any


def database(
    stack: Any, store: str, installation: Installation, network: Network, *, stored_key: Any, secret_key: Any
) -> Database:
    """Make the database of a store."""
    name = store.title()
    size = installation.sized.databases[store]
    login = rds.DatabaseSecret(
        stack,
        f"{name}Login",
        username=LOGIN,
        secret_name=f"fincore/{installation.stage}/{store}-login",
        encryption_key=secret_key,
        exclude_characters=" %+~`#$&*()|[]{}:;<>?!'/@\"\\^,=.",
    )
    engine = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_18)
    instance = rds.DatabaseInstance(
        stack,
        name,
        engine=engine,
        instance_type=ec2.InstanceType(size.instance),
        credentials=rds.Credentials.from_secret(login),
        database_name=LOGIN,
        port=POSTGRES_PORT,
        vpc=network.vpc,
        vpc_subnets=ec2.SubnetSelection(subnet_group_name="data"),
        security_groups=[network.groups[store]],
        multi_az=True,
        storage_type=rds.StorageType.GP3,
        allocated_storage=size.storage_gib,
        max_allocated_storage=4 * size.storage_gib,
        storage_encrypted=True,
        storage_encryption_key=stored_key,
        ca_certificate=rds.CaCertificate.RDS_CA_RSA4096_G1,
        parameter_group=rds.ParameterGroup(
            stack, f"{name}Parameters", engine=engine, description=f"FinCore: {store}", parameters=PARAMETERS
        ),
        backup_retention=cdk.Duration.days(installation.sized.backups_kept_days),
        copy_tags_to_snapshot=True,
        delete_automated_backups=False,
        deletion_protection=True,
        removal_policy=cdk.RemovalPolicy.RETAIN,
        auto_minor_version_upgrade=True,
        enable_performance_insights=True,
        performance_insight_encryption_key=stored_key,
        cloudwatch_logs_exports=["postgresql", "upgrade"],
        monitoring_interval=cdk.Duration.seconds(60),
        monitoring_role=iam.Role(
            stack,
            f"{name}Monitoring",
            assumed_by=iam.ServicePrincipal("monitoring.rds.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AmazonRDSEnhancedMonitoringRole")
            ],
        ),
    )
    address = cdk.Fn.join(
        "",
        [
            f"postgresql://{LOGIN}:{{{{resolve:secretsmanager:",
            login.secret_arn,
            ":SecretString:password}}@",
            instance.db_instance_endpoint_address,
            f":{POSTGRES_PORT}/{LOGIN}?sslmode=verify-full&sslrootcert={CERTIFICATES}",
        ],
    )
    return Database(
        store,
        instance,
        secretsmanager.Secret(
            stack,
            f"{name}Dsn",
            secret_name=f"fincore/{installation.stage}/{dsn(store)}",
            description=f"FinCore: {dsn(store)}",
            encryption_key=secret_key,
            secret_string_value=cdk.SecretValue.unsafe_plain_text(address),
            removal_policy=cdk.RemovalPolicy.RETAIN,
        ),
    )
