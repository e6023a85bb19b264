"""Objects: immutable bytes under names. One narrow interface (base.py), one file per place."""
