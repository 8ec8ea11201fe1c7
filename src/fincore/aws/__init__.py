"""Adapters of FinCore's ports to services of AWS: streams and queues of messages, and what invokes functions. They need the extra `aws`.

They know the wire and the limits of each service, and check a limit before a call that the service would refuse in part. They refuse to
know what an event or a job means, and where credentials come from.
"""
