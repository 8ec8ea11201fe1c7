"""Risk: whether a charge may be made, decided by the rules of staff on what is known of it, before anything is sent to a PSP.

It refuses to know how a charge is stored, which account would carry it, and what became of it.
"""
