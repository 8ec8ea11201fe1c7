"""The write path: commands in, events and jobs out, PSPs called, their outcomes recorded.

It refuses to know the read path; the two meet only in the log.
"""
