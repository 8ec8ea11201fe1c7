"""The services of AWS that tasks reach by an endpoint in the network, beside S3 and DynamoDB with gateways of their own. Pure."""

from typing import Final

ENDPOINT_SERVICES: Final = (
    "ecr.api",
    "ecr.dkr",
    "logs",
    "secretsmanager",
    "kms",
    "kinesis-streams",
    "sqs",
    "sns",
    "lambda",
)
