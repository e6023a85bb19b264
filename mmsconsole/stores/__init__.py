"""What the objects in storage mean: sync store, oplog store and blockstore.

    sync.py            slices of an initial sync: BSON arrays as they came from the source
    oplog.py           oplog chunks of a deployment, without gap or overlap
    blockstore.py      snapshots: cut a head's files into blocks, and make the files again
      cutting.py       files -> blocks: what must be read, hashed, compressed
      packing.py       new blocks -> packs, durable before anything refers to them
      index.py         where a block lies: the previous manifest, then the metadata
      materialising.py blocks -> files, every block verified
    packs.py, manifest.py, framing.py   the formats (docs/formats.md has the bytes)

Order, everywhere: bytes durable in storage -> their records in the metadata -> what refers to
them. Deleting goes the other way round. A reader verifies everything that it reads: a wrong
byte is an ObjectCorrupt that names the object, never data.
"""
