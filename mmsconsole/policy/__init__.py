"""When snapshots are due, and what of the history is kept. Pure: no records, no clock of its own.

policy.py     the policy and what is allowed in it
due.py        due times, through every change of the clocks
periods.py    days, weeks, months, years of a time zone
fates.py      what the rules are told of a snapshot, and what they answer
retention.py  what is kept and why, what expires, from where the stored oplog is needed
"""
