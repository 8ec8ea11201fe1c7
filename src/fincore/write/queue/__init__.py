"""The job queue: work written in the same commit as the event that calls for it, done at least once.

It knows jobs, what they carry and when they are due; it refuses to know what a job does.
"""
