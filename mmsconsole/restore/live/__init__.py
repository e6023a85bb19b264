"""Writing into a deployment that runs, over the wire.

connecting.py  the primary of a set, or a standalone
primary.py     commands to it, through elections
rights.py      what its user may do: pure
standing.py    what is there already, version, rights: before anything is written
inserting.py   batches as insert commands, on two lanes
making.py      collections, views, indexes
users.py       users and roles, by the server's own merge
notes.py       which collections were begun and finished
comparing.py   what was written against what it was written of
writing.py     all of it in order
replaying.py   the oplog of a dump on top
"""
