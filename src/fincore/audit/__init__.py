"""The invariants of the stores, and the auditor that checks them again and again.

It reads what others have written and refuses to change it, or to know the code that wrote it.
"""
