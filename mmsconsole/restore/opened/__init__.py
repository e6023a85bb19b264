"""Snapshots and moments opened for reading.

reader.py     the user who may read, made before the files can not be written to any more
read_only.py  the mongod that is asked: on loopback, read-only, for who has the password
keeper.py     those that run, begun and ended as their records say
"""
