"""Everything that a person or a script can ask for: the only door to the engine's work.

Console, command line and (later) the API call `Operations`; it reads and writes the metadata
database, checks what is asked, and leaves an event for what was changed. It never does the
work itself: that is the daemon's, which finds its jobs in the metadata database.

    operations.py    the door; views.py is what it answers, shapes.py makes that of records
    deployments.py, backups.py, snapshots.py, policies.py, restores.py, jobs.py, history.py,
    status.py
                     what is behind it, by noun
    desk.py          what all of them work with, and the audit
    points.py        a POINT as people write it (pure)
    windows.py       which snapshot and how much oplog a point needs (pure)
    estimate.py      whether it fits the disks (pure); disks.py asks them
    sources.py       a look at a source first; real_sources.py looks over the network
    doctor.py        what this host needs for an engine; asks no engine
"""
