"""Which moments of a window can be verified, and from which snapshot. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from mmsconsole.metadata.snapshots import Snapshot, Verdict
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.metadata.witnesses import Witness
from mmsconsole.optime import Optime


@dataclass(frozen=True, slots=True)
class StoredOplog:
    stretches: Sequence[tuple[Optime, Optime]]
    """(start, end) between its gaps."""
    ends: Sequence[WindowEnd]
    """Entries that no replay passes."""
    kept_from: Optime | None
    """What ends at or before it may be deleted at any time; None: all is kept."""

    def reaches(self, snapshot: Snapshot, point: Optime) -> bool:
        """Whether a replay from the snapshot gets to exactly the point."""
        start, taken = snapshot.replay_start, snapshot.optime
        if start is None or taken is None:
            return False
        if self.kept_from is not None and self.kept_from > start:
            return False
        stored = any(begin <= start and point <= end for begin, end in self.stretches)
        return stored and not any(taken < end.at <= point for end in self.ends)


class Verifiable(NamedTuple):
    witness: Witness
    base: Snapshot


def verifiable(
    witnesses: Sequence[Witness], complete: Sequence[Snapshot], oplog: StoredOplog
) -> list[Verifiable]:
    """Each with the newest good snapshot before it. `complete`: by optime, oldest first."""
    good = [one for one in complete if not one.doubt and one.verdict is not Verdict.BAD]
    found = []
    for witness in witnesses:
        before = [one for one in good if one.optime is not None and one.optime < witness.optime]
        if before and oplog.reaches(before[-1], witness.optime):
            found.append(Verifiable(witness, before[-1]))
    return found


def chosen(found: Sequence[Verifiable], rng: Random) -> Verifiable | None:
    """One at random; of those that have no verdict, while there are any."""
    new = [one for one in found if one.witness.verdict is Verdict.NONE]
    return rng.choice(new or found) if found else None
