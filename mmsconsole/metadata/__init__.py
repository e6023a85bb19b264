"""The metadata database: what the engine knows, one file per kind of record.

Records are frozen dataclasses; each file has the record and its collection, which reads and
writes it. `Metadata` (database.py) holds them all; `server.py` supervises the private mongod
behind it; `migrations.py` brings an older schema up. All state of the product is here, so
console and command line are stateless and any number of them may run.

Rule of order: an object in storage is durable before a record here refers to it, and a record
goes before the object it refers to is deleted.
"""
