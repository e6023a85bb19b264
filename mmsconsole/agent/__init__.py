"""The agent: what copies a deployment, and never writes to it.

It finds out whether a replica set can be backed up (preflight.py), copies its collections in
slices (initial_sync.py) and then tails its oplog without end (tail.py). What it has read it
hands over through an Uplink (uplink.py): to the engine that it runs in, later also over HTTPS.

    preflight.py        may this source be backed up, and by which mongod
    privileges.py       may this user do what a backup does
    initial_sync.py     all collections: begin and run, after a crash again
    listing.py          what has to be copied
    start_position.py   T0: the entry that the replay begins after
    collection_copy.py  one collection, whatever happens to it meanwhile
    scan.py             a cursor over a collection, by UUID; its batches are not looked into
    source_load.py      what the copy may do to its source: bytes per second, pauses
    throttle.py         a token bucket (pure, but for waiting)
    pressure.py         is a source under too much pressure (pure)
    pump.py             slices on their way to the uplink, a bounded number at a time
    tail.py             the oplog followed from member to member
    anchor.py           does an oplog continue the stored one (pure)
    chunking.py         entries gathered until a chunk is cut (pure)
    documents.py        single documents that a head found missing
    reader.py           one member and the raw connection to it
    source_member.py    which member an initial sync reads, and how long it waits for one
    failures.py         which failures pass by themselves (pure)

Promises: only commands that the roles backup and clusterMonitor allow, and none that writes;
only majority-committed data; documents are never decoded on the way.
"""
