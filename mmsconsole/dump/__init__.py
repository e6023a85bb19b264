"""What mongodump writes and mongorestore reads, as streams (mongo-tools 100.18).

names.py          names from outside: what is believed, and which file they go into
crc64.py          the checksum of an archive's namespaces
documents.py      documents that lie one behind the other
reading.py        a file's bytes, perhaps compressed, document by document
collections.py    DumpedCollection: what is said of a collection before its documents
metadata_json.py  the same as canonical extended JSON
prelude.py        what an archive begins with
contents.py       Content: anything that has collections to be restored
archive_*.py      one file, namespaces interleaved: reader, writer, Content
folder_*.py       a file for each collection: writer, Content
"""
