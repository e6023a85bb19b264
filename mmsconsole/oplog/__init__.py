"""The oplog of a replica set, read as bytes. Pure: nothing here reads, writes or waits.

    entry.py         Entry: where the parts of an entry lie; found without decoding it
    decide.py        the one table of what is done with each kind of entry
    commands.py      the part of it for commands
    namespaces.py    the part of it for collections that a head does not hold
    decisions.py     the values that it decides between
    transactions.py  TransactionBuffer: puts transactions together until they commit
    catalogue.py     IndexCatalogue: the indexes that are made once an initial sync is through
    operation.py     an operation of our own, or one with something left out, as raw BSON
    zero_timestamps.py  what keeps a Timestamp(0, 0) from becoming the current time
    index_spec.py    an index's specification as raw BSON, and the commands made of it

For people who look through an oplog:

    unfolding.py     an entry's kind, its namespace, the operations inside it
    describing.py    an entry in words; with changes.py (what an update changes, path by path),
                     values.py (BSON values as text), extended.py (all of it as extended JSON)
    filters.py       which entries somebody wants to see; guessing.py reads the values they type
    destruction.py   drops, and deletes of many, looked for backwards

An entry of a document (insert, update, delete) is never decoded: its header is looked at, and
its bytes go to the head as they came. The head's applier (head/applier.py) asks `decide`, feeds
the buffer and the catalogue, and does the talking.

What an oplog is, in short: every change of a replica set, in order of its optime (cluster time
and increment), idempotent one by one. Applying entries twice from one position on ends in the
same state; in between there may be updates of documents that a later entry has deleted already
(missing documents) and values that clash with a later one's under a unique index. Both are
normal while a scan or a crash lies inside the range that is being applied, and an error
anywhere else.
"""
