"""The invariants of the stores, and the auditor that checks them again and again.

It reads what others have written, keeps what it found beside that, and refuses to change anything else, or to know the code that wrote it.
"""
