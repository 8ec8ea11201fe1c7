"""Carries what PostgreSQL holds to engines outside it: events of the log to a stream, due jobs to a queue of messages; and takes in what they deliver.

It knows places of the log, records and messages, and that everything outside may fail in part, repeat and lose what it was given. It
refuses to know what an event means, what a job does, and which engine it feeds: sinks are ports. PostgreSQL stays the truth.
"""
