"""The functions of Lambda: the one image, a role and a log group of its own each, secrets by reference, and what invokes them."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

import aws_cdk as cdk
import msgspec
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_logs as logs

from infra.data import Data
from infra.environments import FUNCTION_SCRATCH, Deployed, environment_of_function
from infra.functions import ALIAS, JOBS_MAX, RECORDS_MAX, Function, functions_of
from infra.granted import statement
from infra.installation import Installation
from infra.logical_id import logical_id
from infra.network import Network
from infra.pipeline_names import function_name, function_role
from infra.rights import IN_NETWORK, rights_of_function
from infra.secret_names import secrets_of_function

FOREVER: Final = -1
"""Of retries and of the age of records: nothing is ever given up."""
STORAGE_MIB: Final = 512
"""What a function has without being told."""


class _Made(NamedTuple):
    function: Any
    rights: Any
    variables: Any


class Lambdas:
    """Makes functions in one stack, of one image."""

    def __init__(
        self, stack: Any, installation: Installation, *, image: str, network: Network, data: Data
    ) -> None:
        self._stack = stack
        self._installation = installation
        self._image = image
        self._network = network
        self._data = data

        self.risk_alias: Any = None
        """What roles invoke to have charges assessed; None where no function does that."""

    def make(self, deployed: Deployed) -> None:
        """Make each function that the installation asks for, and what invokes it."""
        asking = []
        for one in functions_of(self._installation.functions):
            made = self._function(one, deployed)
            if "stream" in one.sources:
                self._follow_stream(one, made)
            if "queue" in one.sources:
                self._take_messages(one, made)
            if "minute" in one.sources:
                self._ring_each_minute(one, made)
            if "roles" in one.sources:
                self.risk_alias = self._answer(one, made)
            if one.asks_risk:
                asking.append(made.function)
        for function in asking if self.risk_alias is not None else ():
            function.node.add_dependency(self.risk_alias)

    def _function(self, one: Function, deployed: Deployed) -> _Made:
        stage, label = self._installation.stage, logical_id(one.name)
        group = logs.LogGroup(
            self._stack,
            f"Function{label}Logs",
            log_group_name=f"/fincore/{stage}/functions/{one.name}",
            encryption_key=self._network.log_key,
            retention=logs.RetentionDays.THIRTEEN_MONTHS,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        secrets = secrets_of_function(one, self._installation)
        role, rights = self._role(one, group, sorted(set(secrets.values())))
        references = {name: f"aws-secret:{self._data.secrets[where].arn}" for name, where in secrets.items()}
        variables = environment_of_function(one, self._installation, deployed) | references
        made = functions.CfnFunction(
            self._stack,
            f"Function{label}",
            function_name=function_name(stage, one.name),
            description=f"FinCore: {one.name}",
            package_type="Image",
            code=functions.CfnFunction.CodeProperty(image_uri=self._image),
            image_config=functions.CfnFunction.ImageConfigProperty(
                entry_point=["python", "-m", "awslambdaric"],
                command=[f"fincore.bootstrap.functions.{one.handler}"],
                working_directory=FUNCTION_SCRATCH,
            ),
            architectures=["x86_64"],
            role=role.role_arn,
            timeout=one.timeout_seconds,
            memory_size=one.memory_mib,
            ephemeral_storage=functions.CfnFunction.EphemeralStorageProperty(size=one.storage_mib)
            if one.storage_mib > STORAGE_MIB
            else None,
            reserved_concurrent_executions=self._reserved(one),
            environment=functions.CfnFunction.EnvironmentProperty(variables=variables),
            vpc_config=functions.CfnFunction.VpcConfigProperty(
                subnet_ids=self._network.vpc.select_subnets(subnet_group_name="app").subnet_ids,
                security_group_ids=[self._network.groups[one.group].security_group_id],
            ),
            logging_config=functions.CfnFunction.LoggingConfigProperty(
                log_format="Text", log_group=group.log_group_name
            ),
        )
        made.node.add_dependency(rights)
        return _Made(made, rights, variables)

    def _role(self, one: Function, group: Any, secrets: Sequence[str]) -> tuple[Any, Any]:
        """The role that Lambda and the code of the function share. The policy is there before what needs it."""
        role = iam.Role(
            self._stack,
            f"Function{logical_id(one.name)}Role",
            role_name=function_role(self._installation.stage, one.name),
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"FinCore: {one.name}, a function",
        )
        region, account = self._installation.region, self._installation.account
        stored = [self._data.secrets[name] for name in secrets]
        statements = [
            iam.PolicyStatement(
                actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[group.log_group_arn]
            ),
            iam.PolicyStatement(actions=list(IN_NETWORK), resources=["*"]),
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                actions=list(IN_NETWORK),
                resources=["*"],
                conditions={
                    "ArnEquals": {
                        "lambda:SourceFunctionArn": f"arn:aws:lambda:{region}:{account}:function:{function_name(self._installation.stage, one.name)}"
                    }
                },
            ),
            iam.PolicyStatement(
                actions=["secretsmanager:GetSecretValue"], resources=sorted({each.arn for each in stored})
            ),
            iam.PolicyStatement(
                actions=["kms:Decrypt"],
                resources=sorted({each.key_arn for each in stored}),
                conditions={"StringEquals": {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com"}},
            ),
            *(
                statement(right, self._installation, self._data)
                for right in rights_of_function(one, self._installation.functions)
            ),
        ]
        policy = iam.Policy(self._stack, f"Function{logical_id(one.name)}Rights", statements=statements)
        policy.attach_to_role(role)
        return role, policy

    def _follow_stream(self, one: Function, made: _Made) -> None:
        mapping = functions.CfnEventSourceMapping(
            self._stack,
            f"Function{logical_id(one.name)}Stream",
            function_name=made.function.ref,
            event_source_arn=self._data.events.stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=RECORDS_MAX,
            parallelization_factor=1,
            function_response_types=["ReportBatchItemFailures"],
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=FOREVER,
            maximum_record_age_in_seconds=FOREVER,
            destination_config=functions.CfnEventSourceMapping.DestinationConfigProperty(
                on_failure=functions.CfnEventSourceMapping.OnFailureProperty(
                    destination=self._data.dead_records.queue_arn
                )
            ),
        )
        mapping.node.add_dependency(made.rights)

    def _take_messages(self, one: Function, made: _Made) -> None:
        mapping = functions.CfnEventSourceMapping(
            self._stack,
            f"Function{logical_id(one.name)}Queue",
            function_name=made.function.ref,
            event_source_arn=self._data.jobs.queue_arn,
            batch_size=JOBS_MAX,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=functions.CfnEventSourceMapping.ScalingConfigProperty(
                maximum_concurrency=self._installation.sized.job_functions
            ),
        )
        mapping.node.add_dependency(made.rights)

    def _ring_each_minute(self, one: Function, made: _Made) -> None:
        rule = events.CfnRule(
            self._stack,
            f"Function{logical_id(one.name)}Minute",
            description=f"FinCore: {one.name} reads all there is",
            schedule_expression="rate(1 minute)",
            targets=[events.CfnRule.TargetProperty(arn=made.function.attr_arn, id="function", input="{}")],
        )
        functions.CfnPermission(
            self._stack,
            f"Function{logical_id(one.name)}Scheduled",
            action="lambda:InvokeFunction",
            function_name=made.function.ref,
            principal="events.amazonaws.com",
            source_account=self._installation.account,
            source_arn=rule.attr_arn,
        )
        # The next minute rings again: Lambda keeps no invocation that it could not make.
        functions.CfnEventInvokeConfig(
            self._stack,
            f"Function{logical_id(one.name)}Once",
            function_name=made.function.ref,
            qualifier="$LATEST",
            maximum_event_age_in_seconds=60,
            maximum_retry_attempts=0,
        )

    def _reserved(self, one: Function) -> int | None:
        """Of the function that charges wait for, twice as many as wait for them: the old and the new ones while a release takes over."""
        return 2 * self._installation.sized.risk_functions if "roles" in one.sources else one.reserved

    def _answer(self, one: Function, made: _Made) -> Any:
        """An alias of the version of the release, with processes that have started before it is asked."""
        # A version is made anew where its description is another: with another image, and with other settings.
        settings = json.dumps([msgspec.to_builtins(one), self._stack.resolve(made.variables)], sort_keys=True)
        version = functions.CfnVersion(
            self._stack,
            f"Function{logical_id(one.name)}Version",
            function_name=made.function.ref,
            description=cdk.Fn.join(" ", [self._image, sha256(settings.encode()).hexdigest()[:12]]),
        )
        return functions.CfnAlias(
            self._stack,
            f"Function{logical_id(one.name)}Alias",
            name=ALIAS,
            function_name=made.function.ref,
            function_version=version.attr_version,
            provisioned_concurrency_config=functions.CfnAlias.ProvisionedConcurrencyConfigurationProperty(
                provisioned_concurrent_executions=self._installation.sized.risk_functions
            ),
        )
