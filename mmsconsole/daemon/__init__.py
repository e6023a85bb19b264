"""The daemon takes jobs and keeps backups running. People never talk to it: they write what
they want into the metadata database through `operations`, and it is found there.
"""
