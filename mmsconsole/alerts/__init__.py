"""When people are told that something is wrong, and how."""
