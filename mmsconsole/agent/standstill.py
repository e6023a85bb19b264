"""Whether a set makes no more progress, though its members answer. Pure."""

from mmsconsole.agent.reader import MemberOptimes
from mmsconsole.optime import Optime


class Standstill:
    """Without a majority nothing is committed, so nothing comes, and no error tells why."""

    def __init__(self, patience_seconds: float) -> None:
        self._patience = patience_seconds
        self._majority: Optime | None = None
        """Where it stands, if it does."""
        self._since = 0.0

    def seen(self, host: str, optimes: MemberOptimes, now: float) -> str:
        """What is wrong, for people; empty while all is well, or may be. `now`: monotonic."""
        held_up = optimes.applied > optimes.majority or not optimes.primary
        standing = optimes.majority if held_up else None
        if standing != self._majority:
            self._majority, self._since = standing, now
        if standing is None or now - self._since < self._patience:
            return ""
        if optimes.applied > optimes.majority:
            return (
                f"waiting: the set has no majority: {host} has entries up to {optimes.applied}, "
                f"and those after {optimes.majority} are not majority-committed"
            )
        return f"waiting: the set has no primary, as {host} sees it"
