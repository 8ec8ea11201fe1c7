"""The task of each role: the one image, a read-only root, no rights of root, secrets by reference, logs in a group of its own."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager

from infra.data import StoredSecret
from infra.environments import SCRATCH
from infra.image import USER
from infra.logical_id import logical_id
from infra.pipeline_names import REPOSITORY, start_role, task_role
from infra.sizes import TaskSize

_STOP_SECONDS: Final = 60
_FILES: Final = "files"


def health_command(port: int) -> list[str]:
    """What asks a role whether it lives; whether it is ready is asked by the load balancer, and shown by alarms."""
    return [
        "CMD",
        "python",
        "-c",
        f"import urllib.request as r; r.urlopen('http://127.0.0.1:{port}/healthz', timeout=4)",
    ]


def write_command(files: Mapping[str, str]) -> list[str]:
    """What writes the values of variables into files of the scratch folder, which only this task sees."""
    steps = [f'printf "%s\\n" "${variable}" > {SCRATCH}/{name}' for variable, name in files.items()]
    return ["-ceu", "; ".join(["umask 077", *steps])]


class Tasks:
    """Makes task definitions in one stack, of one image."""

    def __init__(
        self,
        stack: Any,
        stage: str,
        *,
        image: str,
        tools_account: str,
        log_key: Any,
        secrets: Mapping[str, StoredSecret],
    ) -> None:
        self._stack = stack
        self._stage = stage
        self.image_name = image
        self._image = ecs.ContainerImage.from_registry(image)
        self._repository = f"arn:aws:ecr:{stack.region}:{tools_account}:repository/{REPOSITORY}"
        self._log_key = log_key
        self._secrets = secrets
        self._imported = {
            setting: secretsmanager.Secret.from_secret_complete_arn(
                stack, f"Of{logical_id(setting.lower().replace('_', '-'))}", one.arn
            )
            for setting, one in secrets.items()
        }

    def definition(
        self,
        name: str,
        size: TaskSize,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        secrets: Sequence[str],
        files: Mapping[str, str] | None = None,
        health_port: int | None = None,
        port: int | None = None,
    ) -> Any:
        """The task definition. `secrets`: settings; `files`: the secret and the file into which it is written first."""
        label = logical_id(name)
        made = ecs.FargateTaskDefinition(
            self._stack,
            f"{label}Task",
            family=f"fincore-{self._stage}-{name}",
            cpu=size.cpu,
            memory_limit_mib=size.memory_mib,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.X86_64,
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
            execution_role=self._execution_role(name, [*secrets, *(files or {})]),
            task_role=iam.Role(
                self._stack,
                f"{label}Role",
                role_name=task_role(self._stage, name),
                assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
                description=f"FinCore: {name} while it runs",
            ),
            volumes=[ecs.Volume(name="scratch")],
        )
        made.node.default_child.add_property_override("EnableFaultInjection", False)
        group = logs.LogGroup(
            self._stack,
            f"{label}Logs",
            log_group_name=f"/fincore/{self._stage}/{name}",
            encryption_key=self._log_key,
            retention=logs.RetentionDays.THIRTEEN_MONTHS,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        main = self._container(
            made,
            name,
            group,
            command=list(command),
            environment=dict(environment),
            secrets={setting: self._secret(setting) for setting in secrets},
            stop_timeout=cdk.Duration.seconds(_STOP_SECONDS),
            health_check=None
            if health_port is None
            else ecs.HealthCheck(
                command=health_command(health_port),
                interval=cdk.Duration.seconds(30),
                timeout=cdk.Duration.seconds(5),
                retries=3,
                start_period=cdk.Duration.seconds(60),
            ),
            port_mappings=[] if port is None else [ecs.PortMapping(container_port=port, name=name)],
        )
        if files:
            first = self._container(
                made,
                _FILES,
                group,
                entry_point=["sh"],
                command=write_command(files),
                secrets={secret: self._secret(secret) for secret in files},
                essential=False,
            )
            main.add_container_dependencies(
                ecs.ContainerDependency(container=first, condition=ecs.ContainerDependencyCondition.SUCCESS)
            )
        return made

    def _secret(self, setting: str) -> Any:
        return ecs.Secret.from_secrets_manager(self._imported[setting])

    def _container(self, made: Any, name: str, group: Any, **options: Any) -> Any:
        container = made.add_container(
            name,
            image=self._image,
            user=USER,
            readonly_root_filesystem=True,
            linux_parameters=self._no_rights(made, name),
            logging=ecs.LogDrivers.aws_logs(
                stream_prefix=name,
                log_group=group,
                mode=ecs.AwsLogDriverMode.NON_BLOCKING,
                max_buffer_size=cdk.Size.mebibytes(25),
            ),
            **options,
        )
        container.add_mount_points(
            ecs.MountPoint(container_path=SCRATCH, read_only=False, source_volume="scratch")
        )
        return container

    def _no_rights(self, made: Any, name: str) -> Any:
        limits = ecs.LinuxParameters(made, f"Limits{logical_id(name)}", init_process_enabled=True)
        limits.drop_capabilities(ecs.Capability.ALL)
        return limits

    def _execution_role(self, name: str, secrets: Sequence[str]) -> Any:
        """The role with which ECS starts the task: it fetches the image, and gets the rights to secrets and logs of this task alone."""
        role = iam.Role(
            self._stack,
            f"{logical_id(name)}Start",
            role_name=start_role(self._stage, name),
            assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
            description=f"FinCore: starts {name}",
        )
        role.add_to_policy(iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]))
        role.add_to_policy(
            iam.PolicyStatement(
                actions=[
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:BatchGetImage",
                    "ecr:GetDownloadUrlForLayer",
                ],
                resources=[self._repository],
            )
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt"],
                resources=sorted({self._secrets[setting].key_arn for setting in secrets}),
                conditions={
                    "StringEquals": {"kms:ViaService": f"secretsmanager.{self._stack.region}.amazonaws.com"}
                },
            )
        )
        return role
