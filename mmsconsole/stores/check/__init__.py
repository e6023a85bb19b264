"""The check of a store, and the repair of what is not as it was stored."""
