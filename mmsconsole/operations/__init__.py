"""Everything that a person or a script can ask for: the only door to the engine's work.

Console, command line and (later) the API call `Operations`; it reads and writes the metadata
database, checks what is asked, and leaves an event for what was changed. It never does the
work itself: that is the daemon's, which finds its jobs in the metadata database.
"""
