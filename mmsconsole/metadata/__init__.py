"""The metadata database: what the engine knows, one file per kind of record.

Records are frozen dataclasses; each file has the record and its collection, which reads and
writes it. `Metadata` (database.py) holds them all. All state of the product is here, so console
and command line are stateless and any number of them may run.

    server.py       the private mongod behind it, which the engine supervises
    binary.py       which mongod that is; credentials.py: its secrets
    connect.py      how any process reaches it, or an external one
    migrations.py   brings an older schema up, refuses a newer one
    failures.py     pymongo's errors in our words: every collection's methods raise those

Rule of order: an object in storage is durable before a record here refers to it, and a record
goes before the object it refers to is deleted.
"""
