"""mmsconsole: continuous backup for MongoDB replica sets, from a terminal.

The folders are the rooms of the house; docs/architecture.md draws them and says which
may import from which.
"""

__version__ = "0.1.0"
