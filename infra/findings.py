"""What the linters of templates find and we leave as it is, each with its reason. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from infra.functions import FUNCTIONS
from infra.logical_id import logical_id

CFN_LINT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "W6001": "the outputs of `migration` repeat what `network` exports, so that a release asks one stack alone",
        "W3010": "zones are written down: asking for them needs an account, and would let them change by themselves",
        "W3005": "the CDK orders a service after its listener rule twice",
        "W3045": "a bucket of access logs needs an access list: CloudFront's standard logs are delivered by it",
    }
)
"""By rule of cfn-lint."""

_FUNCTIONS: Final = tuple(logical_id(one.name) for one in FUNCTIONS)

CHECKOV: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "CKV_AWS_18": {
            "AWS::S3::Bucket.BalancerAccess": "a bucket of access logs: logging itself would never end",
            "AWS::S3::Bucket.EvidenceAccess": "a bucket of access logs: logging itself would never end",
            "AWS::S3::Bucket.Access": "a bucket of access logs: logging itself would never end",
            "AWS::S3::Bucket.ArtifactsAccess": "a bucket of access logs: logging itself would never end",
        },
        "CKV_AWS_31": {
            "AWS::ElastiCache::ReplicationGroup.Cache": "TLS is required, FinCore encrypts what it keeps there, and the security group lets `api` alone in"
        },
        "CKV_AWS_161": {
            "AWS::RDS::DBInstance.Eventstore": "FinCore logs in by password over TLS; a second way in would be one more to guard",
            "AWS::RDS::DBInstance.Paymentdb": "as for the event store",
            "AWS::RDS::DBInstance.Ledgerdb": "as for the event store",
        },
        "CKV_AWS_108": {
            "AWS::IAM::ManagedPolicy.Boundary": "a boundary gives nothing by itself: the policies of each role name what it may read",
        },
        "CKV_AWS_111": {
            "AWS::IAM::ManagedPolicy.Boundary": "as above, of what it may write",
            "AWS::IAM::Role.Deploy": "CloudFormation makes up the names of what it makes; the account holds one installation alone",
            **{
                f"AWS::IAM::Policy.Function{one}Rights": "Lambda makes up the names of network interfaces; a statement refuses the code all of it"
                for one in _FUNCTIONS
            },
        },
        "CKV_AWS_115": {
            f"AWS::Lambda::Function.Function{one}": "the shards of the stream, or the mapping to the queue, bound how many run at once"
            for one in ("FanOut", "Projectionist", "Worker")
        },
        "CKV_AWS_116": {
            f"AWS::Lambda::Function.Function{one}": "the stream, the queue or the next minute brings again what failed; records that are given up go to DeadRecords"
            for one in _FUNCTIONS
        },
        "CKV_AWS_173": {
            f"AWS::Lambda::Function.Function{one}": "no variable holds a secret: they refer to Secrets Manager, and Lambda encrypts them by a key of AWS"
            for one in _FUNCTIONS
        },
        "CKV_AWS_68": {
            "AWS::CloudFront::Distribution.Dashboard": "the firewall is on the load balancer behind it; what CloudFront answers by itself are public files",
            "AWS::CloudFront::Distribution.Pages": "as for the dashboard",
        },
    }
)
"""By check of checkov: the beginning of the resource, and why."""


class Argued(msgspec.Struct, frozen=True, kw_only=True):
    """Findings that are left as they are. `rule` and `where` are patterns: `*` is any text."""

    rule: str
    where: str
    why: str


CDK_NAG: Final = (
    Argued(
        rule="AEC6",
        where="*-data/Cache",
        why="TLS is required, and the security group lets `api` alone in; the values are encrypted by FinCore before",
    ),
    Argued(
        rule="CFR1",
        where="*-delivery/*",
        why="which countries a merchant sells to is known to the merchant; risk rules know countries",
    ),
    Argued(
        rule="CFR2",
        where="*-delivery/*",
        why="the firewall is on the load balancer behind it; what CloudFront answers by itself are public files",
    ),
    Argued(
        rule="EC23",
        where="*-network/InInternetTo*Balancer443",
        why="merchants and PSPs call from everywhere",
    ),
    Argued(
        rule="ECS2",
        where="*Task/Resource",
        why="variables that are no secrets: the tests compare their names with the settings that are",
    ),
    Argued(
        rule="IAM4*AWSBackupServiceRolePolicyForBackup]",
        where="*-data/BackupPlan/Databases/Role/Resource",
        why="AWS keeps the list of what AWS Backup asks; AWS Backup alone takes the role",
    ),
    Argued(
        rule="IAM4*AmazonRDSEnhancedMonitoringRole]",
        where="*-data/*Monitoring/Resource",
        why="AWS keeps the list; it writes one log group, and RDS alone takes the role",
    ),
    Argued(
        rule="IAM4*AmazonECSInfrastructureRolePolicyForLoadBalancers]",
        where="*-app/Switch/Resource",
        why="AWS keeps the list of what ECS asks of load balancers; the boundary of releases bounds it",
    ),
    Argued(
        rule="IAM5[[]Resource::[*]]",
        where="*-app/Function*Rights/Resource",
        why="Lambda makes up the names of network interfaces; a statement refuses the code of the function all of it",
    ),
    Argued(
        rule="IAM5[[]Resource::arn:aws:lambda:*:function:fincore-*-[*]]",
        where="*-permissions/Deploy",
        why="the functions of one installation, by their names",
    ),
    Argued(
        rule="IAM5[[]Resource::arn:aws:lambda:*:event-source-mapping:[*]]",
        where="*-permissions/Deploy",
        why="AWS makes up the ids of mappings; these rights are to their tags",
    ),
    Argued(
        rule="IAM5[[]Resource::arn:aws:events:*:rule/fincore-*-app-[*]]",
        where="*-permissions/Deploy",
        why="CloudFormation ends the names of rules with a text of its own",
    ),
    Argued(
        rule="SQS3",
        where="*-data/DeadRecords/Resource",
        why="it is a queue of dead letters, of mappings to the stream",
    ),
    Argued(
        rule="IAM5[[]Resource::[*]]",
        where="*Start/DefaultPolicy/Resource",
        why="ecr:GetAuthorizationToken names no resource",
    ),
    Argued(
        rule="IAM5[[]Resource::[*]]",
        where="fincore-pipeline/RoleFincoreBuildImage",
        why="ecr:GetAuthorizationToken names no resource",
    ),
    Argued(
        rule="IAM5[[]Resource::[*]]",
        where="*-permissions/Boundary",
        why="a boundary gives nothing by itself: the policies of each role name what it may",
    ),
    Argued(
        rule="IAM5[[]Resource::[*]]",
        where="*-permissions/Deploy",
        why="CloudFormation makes up the names of what it makes; the account holds one installation alone",
    ),
    Argued(
        rule="IAM5[[]Resource::[*]]",
        where="*-permissions/Migrate",
        why="ecs:ListTasks names no resource; a condition binds it to the cluster",
    ),
    Argued(
        rule="IAM5[[]Resource::arn:aws:cloudformation:*:stack/fincore-*/[*]]",
        where="*-permissions/*",
        why="AWS ends the ARN of a stack with an id that it makes up",
    ),
    Argued(
        rule="IAM5[[]Resource::arn:aws:ecs:*]",
        where="*-permissions/Migrate",
        why="each release has a new version of the task that migrates, and each run is a new task of the one cluster",
    ),
    Argued(
        rule="IAM5[[]Resource::arn:aws:iam::*:role/*]",
        where="*-permissions/Deploy",
        why="the roles that releases make, by their names, and those that services of AWS have in each account",
    ),
    Argued(
        rule="IAM5[[]Resource::arn:aws:kms:*:key/[*]]",
        where="*-permissions/Release",
        why="the key is in another account, and its policy names this role; S3 alone may use it in its name",
    ),
    Argued(
        rule="IAM5[[]Resource::arn:aws:logs:*:log-group:/fincore/*]",
        where="*-permissions/Deploy",
        why="the log groups of one installation; it may delete none",
    ),
    Argued(
        rule="IAM5[[]Resource::arn:aws:logs:*:log-group:/fincore/pipeline/*:[*]]",
        where="fincore-pipeline/RoleFincoreBuild*",
        why="the streams of one log group",
    ),
    Argued(
        rule="IAM5[[]Resource::arn:aws:s3:::fincore-*]",
        where="*-permissions/*",
        why="the artifacts, the public files, and the bucket of access logs, by their names",
    ),
    Argued(
        rule="IAM5[[]Resource::arn:aws:s3:::fincore-pipeline-*]",
        where="fincore-pipeline/RoleFincore*",
        why="the files of the one bucket of artifacts",
    ),
    Argued(
        rule="IAM5[[]Resource::*Evidence*/fincore/[*]]",
        where="*-app/ReconciliationRole/DefaultPolicy/Resource",
        why="the files under one prefix of the one bucket of evidence",
    ),
    Argued(
        rule="IAM5[[]Resource::*Evidence*/fincore/[*]]",
        where="*-app/FunctionReconciliationRights/Resource",
        why="the files under one prefix of the one bucket of evidence",
    ),
    Argued(
        rule="KDS3",
        where="*-data/Events/Resource",
        why="a key of ours, so that its policy says who reads events",
    ),
    Argued(
        rule="RDS11",
        where="*-data/*/Resource",
        why="a port that others do not expect hides nothing: security groups say who connects",
    ),
    Argued(
        rule="S1",
        where="*-app/BalancerAccess/Resource",
        why="a bucket of access logs: logging itself would never end",
    ),
    Argued(
        rule="SMG4",
        where="*-data/*",
        why="PSPs and FinCore's own commands change these values, with the value before kept beside them; no function of ours could",
    ),
    Argued(rule="SMG4", where="fincore-pipeline/LoadKey", why="a key of test mode, changed by people"),
)
"""By rule of cdk-nag's pack AwsSolutions."""
