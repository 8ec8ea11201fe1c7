"""The ledger service: reads the log and books what moved money, double entry, once per event.

It refuses to authorize: what happened is booked, to suspense if it makes no sense. Booking asks no other store.
"""
