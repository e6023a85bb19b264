"""What was found of one condition and one subject."""

from dataclasses import dataclass
from datetime import datetime

SO, NOT_SO = 1.0, 0.0
"""Values where the condition has no threshold."""


@dataclass(frozen=True, slots=True)
class Finding:
    condition: str
    subject: str
    value: float | None
    """In the condition's unit, or the metric's; None: there is no fresh data to judge by."""
    text: str
    """One sentence without a full stop, with numbers and units; or why there is no data."""
    deployment: str = ""
    """Its id; empty where no deployment is concerned."""
    metric: str = ""
    at: datetime | None = None
    """Of an event: when it happened."""
    occurrence: str = ""
    """Of an event: what tells it from another one of the same subject."""


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"
