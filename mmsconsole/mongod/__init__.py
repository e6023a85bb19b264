"""A real mongod: find it, run it, speak to it, know the set that it belongs to.

A mongod stands on both sides of a backup: the source's members, and our own (every head, the
metadata database, the demo's deployment). This room knows both as servers and nothing of
backups.

Running one of ours:
    binaries.py     finds mongod binaries and chooses the one that suits a source
    process.py      MongodProcess: starts one, waits until it answers, stops it, and never
                    leaves one behind. Nobody starts a mongod in another way.
    pidfd.py        waiting for a process and signalling it, by a handle
    logs.py         why a mongod ended, from its log
    guard.py        the small process between us and each mongod. It holds the reading end of
                    a pipe from us: when we die, even by SIGKILL, the pipe ends and it stops
                    the mongod. When the guard itself dies, the kernel kills the mongod. What
                    outlives all that, orphans.py finds.

Speaking to one:
    address.py      host and port, or a unix socket
    source_uri.py   a connection string, parsed; pymongo clients made of it
    source_errors.py  pymongo's errors in our words: one mapping for the whole product
    wire.py         WireConnection, the raw OP_MSG client of the hot path: replies arrive in
                    one buffer, commands leave in parts, and no document is touched
    scram.py, tls.py  what wire.py needs to get in

Knowing it:
    topology.py     the replica set and its members; which of them to read from
    fingerprint.py  the exactness oracle: what must be equal of two servers' data
"""
