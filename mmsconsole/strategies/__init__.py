"""How a deployment is backed up.

`continuous` keeps a head: an initial sync, then the oplog without end. File-system snapshots
and dumps are further strategies, yet to come; what they share is in `base`.
"""
