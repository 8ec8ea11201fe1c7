"""The demo over services of AWS, by an emulator on this machine: the same payments, by SQS, Kinesis, DynamoDB, Secrets Manager, S3, SNS and Cognito.

It knows how the services are called, and looks at what they hold at the end. It refuses to know what a payment is.
"""
