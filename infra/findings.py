"""What the linters of templates find and we leave as it is, each with its reason. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CFN_LINT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "W6001": "the outputs of `migration` repeat what `network` exports, so that a release asks one stack alone",
        "W3010": "zones are written down: asking for them needs an account, and would let them change by themselves",
        "W3005": "the CDK orders a service after its listener rule twice",
        "W3045": "a bucket of access logs needs an access list: CloudFront's standard logs are delivered by it",
    }
)
"""By rule of cfn-lint."""

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
        },
        "CKV_AWS_68": {
            "AWS::CloudFront::Distribution.Dashboard": "the firewall is on the load balancer behind it; what CloudFront answers by itself are public files",
            "AWS::CloudFront::Distribution.Pages": "as for the dashboard",
        },
    }
)
"""By check of checkov: the beginning of the resource, and why."""
