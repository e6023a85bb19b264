"""What the place of a store answered last. It is asked apart from the metadata, and seldom: one
that is away must hold up nothing, and one that is far away shall have little to do for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mmsconsole.operations.store_views import StoreView

ASK_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Reached:
    at: datetime
    free_bytes: int | None
    """None: it does not know."""
    error: str
    """Why it did not answer; empty: it did."""

    @classmethod
    def told(cls, at: datetime, store: StoreView) -> "Reached":
        return cls(at, store.free_bytes, store.error)


def is_due(reached: Reached | None, now: datetime) -> bool:
    return reached is None or now - reached.at >= ASK_AFTER
