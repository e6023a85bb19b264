"""Heads: built from slices, kept equal to the source by applying its oplog, cut into snapshots.

A head is a standalone mongod database on a unix socket. Its position (what has been applied,
how far a batch under way goes, the oldest open transaction) lies inside it, so that a kill at
any moment replays to the same state. See docs/heads.md for the reasons behind each rule.
"""
