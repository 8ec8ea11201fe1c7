"""The stack `certificate`: the alarm on the end of the certificate of CloudFront. CloudFront takes one of us-east-1 alone, and an alarm sees its own region."""

from typing import Any, Final

import aws_cdk as cdk

from infra.alarm_topic import alarm_topic, own_alarm, topic_name
from infra.installation import Installation
from infra.keys import key
from infra.own_alarms import certificate_ends

REGION: Final = "us-east-1"
_TOPIC: Final = "certificate"


def certificate_topic_arn(installation: Installation) -> str:
    """The topic of the stack, as one in another region names it."""
    return f"arn:aws:sns:{REGION}:{installation.account}:{topic_name(_TOPIC, installation)}"


def certificate_stack(app: Any, name: str, installation: Installation) -> Any:
    """Make the stack."""
    environment = cdk.Environment(account=installation.account, region=REGION)
    stack = cdk.Stack(app, name, env=environment, synthesizer=cdk.BootstraplessSynthesizer())
    topic_key = key(stack, "TopicKey", "messages of the alarm on a certificate", services=("cloudwatch",))
    alarm = certificate_ends("EdgeCertificateEnds", "of CloudFront", installation.certificates.cloudfront)
    own_alarm(stack, alarm, alarm_topic(stack, _TOPIC, installation, topic_key))
    return stack
