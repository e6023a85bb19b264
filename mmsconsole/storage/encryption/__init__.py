"""Objects encrypted before they leave the process, and the keys that this takes."""
