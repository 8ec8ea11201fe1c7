"""Adapters of FinCore's ports to Redis or Valkey.

They know the wire, and bound what an answer may cost: a server that is slow, gone or false costs time, never a result. They refuse to
know who asks and why, and what a response says.
"""
