"""All collections of a source in slices, from a fuzzy moment between T0 and the scan's end.

Every document is read once, some time during the scan, as it was majority-committed then. The
oplog after T0, replayed on top, makes them equal; until the end of the scan has been passed a
replay meets what it already has, and misses what was deleted later.

    begin()  chooses a member and T0, and lists the collections
    run()    copies what is not done; may be called again after a crash, or on another engine
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mmsconsole.agent.collection_copy import CollectionCopy
from mmsconsole.agent.listing import list_collections
from mmsconsole.agent.progress import Progress
from mmsconsole.agent.pump import SlicePump
from mmsconsole.agent.reader import Origin, Reader
from mmsconsole.agent.source_load import LoadLimits, MemberGauge, SourceLoad
from mmsconsole.agent.source_member import LAG_SECONDS, Patience, SourceMember
from mmsconsole.agent.start_position import MemberOplog, choose_start
from mmsconsole.agent.uplink import SliceUplink
from mmsconsole.clock import Clock
from mmsconsole.errors import SourceUnreachable
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.optime import Optime
from mmsconsole.task import Task

LISTINGS_MAX = 5


@dataclass(frozen=True, slots=True)
class SyncOptions:
    slice_bytes: int = 10 << 20
    patience_seconds: float = 600
    """How long the set may have no member that can be read from."""
    lag_seconds: float = LAG_SECONDS
    limits: Callable[[], LoadLimits] = LoadLimits
    """What the source may be burdened with; asked every few seconds, so it may change."""


@dataclass(frozen=True, slots=True)
class SyncPlan:
    start: Optime
    """T0: the replay begins after this entry; the tail's first anchor."""
    member: str
    """host:port that was listed."""
    collections: list[SyncCollection]


class InitialSync:
    """Belongs to one thread. Close it when done."""

    def __init__(
        self,
        origin: Origin,
        uplink: SliceUplink,
        clock: Clock,
        options: SyncOptions = SyncOptions(),
    ) -> None:
        self._origin = origin
        self._uplink = uplink
        self._options = options
        patience = Patience(clock, options.patience_seconds)
        load = SourceLoad(MemberGauge(origin.uri), clock, options.limits)
        self._member = SourceMember(origin, patience, lag_seconds=options.lag_seconds, load=load)
        self._fresh = False

    def begin(self, head: str, task: Task) -> SyncPlan:
        """Raises SourceRefused, SourceError, Cancelled."""
        reader = self._member.reader(None, task)
        start = choose_start(MemberOplog(reader), reader.host, task)
        collections = self._list(reader, head, task)
        self._fresh = True
        return SyncPlan(start, reader.host, collections)

    def run(self, start: Optime, collections: Sequence[SyncCollection], task: Task) -> Optime:
        """Copy what is not done; returns the newest position that the scan may have read.

        A collection that an earlier run has half copied begins again. Raises Cancelled,
        SourceError, SourceRefused, and what the uplink raises: what is done then stays done.
        """
        resumed, self._fresh = not self._fresh, False
        progress = Progress(collections, task)
        with SlicePump(self._uplink) as pump:
            for collection in collections:
                if collection.done:
                    continue
                if resumed:
                    pump.restart(collection)
                copy = CollectionCopy(
                    self._member, start, collection, pump, progress, self._options.slice_bytes
                )
                copy.run(task)
                pump.done(collection)
            pump.drain()
        progress.end()
        return self._end(start, task)

    def close(self) -> None:
        self._member.close()

    def _list(self, reader: Reader, head: str, task: Task) -> list[SyncCollection]:
        """A listing shows the newest state; it counts once that is majority-committed."""
        for _ in range(LISTINGS_MAX):
            collections = list_collections(reader, head, task)
            shown = reader.optimes().applied
            if self._member.patience.wait_for_entry(reader, shown, task):
                return collections
        raise SourceUnreachable(
            "what it listed was rolled back, again and again", where=reader.host
        )

    def _end(self, start: Optime, task: Task) -> Optime:
        """No majority read, of any member, has shown more than the primary has applied now."""
        read = self._member.reader(start, task)
        applied = read.optimes().applied
        return max(applied, self._member.primary_applied(task))
