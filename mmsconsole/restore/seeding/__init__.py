"""A new replica set from restored files.

plan.py         its configuration, and the commands that make it: pure
initiating.py   the same, done by us on a member that is reachable
"""
