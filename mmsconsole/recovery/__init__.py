"""What is done when the metadata database is lost: the store alone is enough.

    contents.py     which records a catalogue holds, and what is left out of it
    backing_up.py   a catalogue into a store; the older ones go
    strangers.py    deployments in a store that the metadata does not know

    rebuilding.py   the metadata made anew from a store, in this order:
      catalogues.py   the newest catalogue that can be read; the records in it
      snapshots.py    what manifests there are, and what they tell
      chunks.py       the stored oplog, from the headers of its chunks
      packs.py        packs, and where each block lies, from their indexes
      heads.py        heads whose folders are still there; a rebuild for the others
    taking.py       what is taken from a catalogue: of what is known already nothing changes
    report.py       what was found, and what people must be told

    temporary.py    a metadata database for one restore, with no engine and no home

A catalogue saves what no object tells: policies, holds, verdicts, connection strings, events. All
else is believed from the objects, which are newer than any catalogue. Everything here comes from
outside, and is checked before it is used; deployments are written last, so that nothing works with
half a rebuild, and it may be done again from the beginning.
"""
