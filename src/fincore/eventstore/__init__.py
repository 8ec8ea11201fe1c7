"""The log where the write path ends and the read path begins, and the one door through which every change goes.

It knows streams, versions, commits and checkpoints; it refuses to know what any event means.
"""
