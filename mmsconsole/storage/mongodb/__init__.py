"""Objects in a database of a MongoDB replica set."""
