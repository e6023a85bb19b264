"""Restores pushed to another machine by SFTP.

hosts.py        host keys: only known ones
connecting.py   a connection: keys, agent, ciphers, what is wrong in words
remote.py       the few things that are done over there
pushing.py      files, one after another; going on where it was broken off
"""
