"""The worker's decisions as functions and tables: when to repeat, ask again, give up, and which jobs follow an event.

Everything here is pure: policies refuse to know the queue's adapter, the database, the PSP's client and the clock's
reading.
"""
