"""A live workload that makes every kind of oplog entry that a 6.0 replica set can make by itself.

    world.py         what the steps of one worker share: client, random source, names
    documents.py     documents of every BSON type and some sizes
    writes.py        inserts, updates with every operator, replacements, deletes
    transactions.py  small, long, aborted, over 16 MB, with DDL inside
    catalogue.py     collections of every kind, indexes, collMod, renames, drops, views, users
    workload.py      Workload: several workers in threads, paused and resumed together

A step is a function of a World. What it does follows from the seed; a step that the server
refuses (a clash with another worker) is counted, and makes no oplog entry. `Workload.done`
counts what succeeded, so that a test can insist that every kind of step did.
"""

from tests.support.workload.workload import Workload

__all__ = ["Workload"]
