"""The blockstore: a head's files into blocks, packs and manifests, and the files again."""
