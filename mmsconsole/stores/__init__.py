"""What the objects in storage mean: sync store, oplog store and blockstore.

    sync.py             slices of an initial sync: BSON arrays as they came from the source
    oplog/              oplog chunks of a deployment, without gap or overlap
    blocks/             snapshots
      blockstore.py     the door: cut a head's files into blocks, and make the files again
      planning.py       which files must be read, in which pieces
      previous.py       what the previous snapshot of the same head knows of them
      cutting.py        pieces -> blocks: hashed, compared, looked up, compressed
      index.py          which blocks are stored already, and where
      packing.py        new blocks -> packs, durable before anything refers to them
      materialising.py  blocks -> files, every block verified
      block.py, packs.py, moved.py, manifest.py and its writer and reader: the formats
                        (docs/formats.md has the bytes)
    groom/              space comes back
      grooming.py       condemn, empty, drop
      uses.py           what manifests use, followed to where it lies
      marking.py        what of a pool is needed, and how much that is
      moving.py         living blocks into new packs
      sweeping.py       objects that no record refers to
    check/              every object as it was stored; whom it hurts; taken again from elsewhere
    copying.py          the second copy of a deployment's objects
    catalogue.py        backups of the metadata, as objects of the store itself
    resources.py        all of it together, as the daemon is given it

Order, everywhere: bytes durable in storage -> their records in the metadata -> what refers to
them. Deleting goes the other way round. A reader verifies everything that it reads: a wrong
byte is an ObjectCorrupt that names the object, never data.
"""
