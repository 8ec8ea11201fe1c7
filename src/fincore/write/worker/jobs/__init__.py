"""The handlers of jobs, one module for each: what is asked of the PSP, in which order, and what is recorded.

They refuse to know how a queue claims jobs, how a PSP is spoken to, and each other.
"""
