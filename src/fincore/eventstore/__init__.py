"""The log between the write path and the read path, and the one writer through which every change is made.

It knows streams, versions, commits and checkpoints; what an event means is handed in, as a codec and an `Aggregate`.
"""
