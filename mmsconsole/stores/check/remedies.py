"""What becomes of an object that is not as it was stored."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    key: str
    source: str = ""
    """Where it is taken from again; empty where nothing can be."""
    left: str = ""
    """What can not be repaired, and what people can do; empty where all is well again."""
    snapshots: tuple[str, ...] = ()
    """Ids of those that it goes on hurting."""
