"""Groom: which blocks are needed, and how space comes back from the others."""
