"""The formats of mongodump: archives and folders, written and read as streams."""
