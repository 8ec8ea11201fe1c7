"""The job queue: work written in the same commit as the fact that calls for it, done at least once.

It knows jobs and when they are due; it refuses to know what a job does.
"""
