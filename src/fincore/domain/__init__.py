"""The shared language: money, ids, time, charges, their events and the outcomes PSPs report.

Pure: data in, data out, no clock, no randomness, no I/O. It refuses to know HTTP, SQL and any PSP by name.
"""
