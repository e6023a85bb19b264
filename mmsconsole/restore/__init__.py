"""Restores: materialise a snapshot, replay the stored oplog on top, deliver.

A restore point is inclusive: the restored data hold everything up to and including it.
Restored files carry nothing of ours: what the replay needs inside the database is dropped.
"""
