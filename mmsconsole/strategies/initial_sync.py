"""The initial sync of one head, from an empty folder to "in sync".

    starting                    T0 is chosen, the collections are listed, the tail begins
    transferring, building      slices go to the sync store, and from there into the head
    applying oplog              from T0 up to the end of the scan: now the data is whole
    fetching missing documents  those that the replay missed are read again from the source
    comparing with the source   as it was at the head's position; what differs is fetched again
    creating indexes            of data that equals the source's at one optime
    in sync                     the slices go; from here on the oplog is applied without end

What has been reached is written down at every step, so after a crash run() goes on: finished
collections are not read again, slices in the head are not inserted again.
"""

import threading
from contextlib import closing

from mmsconsole.agent.documents import DocumentFetcher
from mmsconsole.agent.initial_sync import InitialSync, SyncOptions
from mmsconsole.agent.source_load import MemberGauge, SourceLoad
from mmsconsole.agent.source_member import Patience, SourceMember
from mmsconsole.errors import ApplyFailed, HeadSuspect, MmsError
from mmsconsole.head.applier import NO_SCAN, Applier
from mmsconsole.head.building import BuiltSlices, HeadBuilder, SliceFeed
from mmsconsole.head.creating import create_collections, drop_collection
from mmsconsole.head.index_changes import load_catalogue, save_catalogue
from mmsconsole.head.keeping import KeptHead
from mmsconsole.head.missing import MissingDocument
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.oplog.catalogue import IndexCatalogue
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.catching_up import CatchUp
from mmsconsole.strategies.comparing import HeadComparison, in_words
from mmsconsole.strategies.embedded import OplogIngest, SliceIngest
from mmsconsole.strategies.load import load_limits
from mmsconsole.strategies.origin import origin_of
from mmsconsole.task import Task

MEGABYTE = 1 << 20
PATIENCE_SECONDS = 600.0
"""How long the set may have no member that serves the comparison."""
SYNC_AGAIN = "start the backup again: a new initial sync is made, older snapshots stay"
FETCHING = SyncPhase.FETCHING_MISSING.value
"""Counts documents."""


class HeadSync:
    """Belongs to one thread. `kept` is the head that it works on."""

    def __init__(self, resources: Resources, deployment: Deployment, kept: KeptHead) -> None:
        self._resources = resources
        self._deployment = deployment
        self._kept = kept
        self._origin = origin_of(deployment, deployment.sync_from)
        self._feed = SliceFeed()
        options = SyncOptions(
            resources.settings.tree.backup.slice_mb * MEGABYTE,
            limits=lambda: load_limits(resources, deployment),
        )
        uplink = SliceIngest(resources, kept.head.id, self._feed)
        self._source = InitialSync(self._origin, uplink, resources.clock, options)

    def begin(self, task: Task) -> Optime:
        """T0, chosen now or before a crash. The tail has to begin there before run()."""
        head = self._kept.head
        if head.sync_start is not None:
            return head.sync_start
        collections = self._resources.metadata.sync_collections
        collections.drop(head.id)
        plan = self._source.begin(head.id, task)
        for collection in plan.collections:
            task.check()
            collections.add(collection)
        self._set(sync_start=plan.start, phase=SyncPhase.TRANSFERRING)
        return plan.start

    def run(self, uplink: OplogIngest, task: Task) -> None:
        """The rest. Raises what its parts raise; run again, it goes on."""
        start = self.begin(task)
        catalogue = self._prepare(start, task)
        if self._kept.head.sync_end is None:
            end = self._copy(start, task)
            self._kept.server.make_durable()
            self._set(sync_end=end, phase=SyncPhase.APPLYING_OPLOG)
        self._make_whole(catalogue, uplink, task)
        self._finish()

    def refuse(self, error: MmsError) -> None:
        """From another thread: the sync can not be completed; run() raises the error soon."""
        self._feed.refuse(error)

    def close(self) -> None:
        self._source.close()

    def _prepare(self, start: Optime, task: Task) -> IndexCatalogue:
        """Collections without secondary indexes, the indexes in a catalogue, then the position.

        A head without a position is an empty one, whatever its record says of it.
        """
        if self._kept.position() is None:
            self._set(sync_end=None, phase=SyncPhase.TRANSFERRING)
            listed = self._collections()
            with self._kept.server.errors():
                self._kept.server.set_fcv(self._kept.head.fcv)
                create_collections(self._kept.server.client, listed, task)
                save_catalogue(self._kept.connection, _catalogue_of(listed))
            self._kept.begin_at(start)
        with self._kept.server.errors():
            return load_catalogue(self._kept.connection)

    # -- transferring and building ------------------------------------------------------------

    def _copy(self, start: Optime, task: Task) -> Optime:
        """Returns the newest position that the scan may have read."""
        collections = self._collections()
        resources = self._resources
        builder = HeadBuilder(self._kept.server, resources.sync_store, resources.clock)
        builder.total = sum(collection.total_bytes for collection in collections)
        self._feed_stored(collections, builder)
        building = _Building(builder, self._feed, task)
        building.start()
        try:
            end = self._source.run(start, collections, task)
        except BaseException:
            self._feed.abandon()
            building.join()
            raise
        self._feed.finish()
        self._set(phase=SyncPhase.BUILDING)
        building.join()
        return end

    def _feed_stored(self, collections: list[SyncCollection], builder: HeadBuilder) -> None:
        """Slices that an earlier run stored and did not build; of a capped collection, all.

        Those of a collection that is not done go: it is read again from its beginning.
        """
        built = BuiltSlices(self._kept.server).ids()
        for collection in collections:
            if not collection.done:
                continue
            stored = list(self._resources.metadata.slices.of(self._kept.head.id, collection.id))
            unbuilt = [one for one in stored if one.id not in built]
            if unbuilt and collection.capped:
                self._make_anew(collection)
                unbuilt = stored
            missing = sum(one.raw_bytes for one in unbuilt)
            builder.count_built(sum(one.raw_bytes for one in stored) - missing)
            for one in unbuilt:
                self._feed.add(collection, one)
            self._feed.done(collection)

    def _make_anew(self, collection: SyncCollection) -> None:
        """Some of its documents may be there, and it remembers in which order they came."""
        client = self._kept.server.client
        with self._kept.server.errors():
            drop_collection(client, collection)
            create_collections(client, [collection], Task())

    # -- the oplog on top ---------------------------------------------------------------------

    def _make_whole(self, catalogue: IndexCatalogue, uplink: OplogIngest, task: Task) -> None:
        end = self._kept.head.sync_end
        assert end is not None
        applier = self._kept.applier(end, catalogue)
        catch_up = CatchUp(self._kept, uplink, self._resources.clock)
        # A crash may have come behind the scan: what is in doubt since then is applied again too.
        catch_up.apply_until(max(end, applier.position.applying_until or end), task)
        self._fetch_missing(applier, catch_up, task)
        with closing(self._member()) as member:
            comparison = HeadComparison(self._resources, self._kept, member, task)
            self._compare(comparison, applier, catch_up, task)
            self._set(phase=SyncPhase.CREATING_INDEXES)
            with self._kept.server.errors():
                applier.create_indexes(task)
            applier.tolerate_until = NO_SCAN
            comparison.compare_catalogue()
        self._conclude(comparison)

    def _member(self) -> SourceMember:
        """For the comparison: under the same limits as the transfer."""
        resources = self._resources
        patience = Patience(resources.clock, PATIENCE_SECONDS)
        load = SourceLoad(
            MemberGauge(self._origin.uri), resources.clock,
            lambda: load_limits(resources, self._deployment),
        )  # fmt: skip
        return SourceMember(self._origin, patience, load=load)

    def _compare(
        self, comparison: HeadComparison, applier: Applier, catch_up: CatchUp, task: Task
    ) -> None:
        self._set(phase=SyncPhase.COMPARING)

        def advance(until: Optime, missing: list[MissingDocument]) -> None:
            for one in missing:
                applier.missing.add(one)
            self._fetch_missing(applier, catch_up, task)
            catch_up.apply_until(until, task)
            self._set(phase=SyncPhase.COMPARING)

        comparison.compare_documents(advance)

    def _conclude(self, comparison: HeadComparison) -> None:
        """Raises HeadSuspect."""
        resources = self._resources
        found = resources.metadata.validations.add(comparison.conclude(resources.clock.now()))
        severity = Severity.INFO if found.good else Severity.ERROR
        kind = "head validated" if found.good else "head suspect"
        deployment = self._deployment.id
        resources.event(kind, in_words(found), deployment=deployment, severity=severity)
        if not found.good:
            what = f"it differs from its source: {'; '.join(found.problems)}"
            raise HeadSuspect(what, where=self._kept.head.id, hint=SYNC_AGAIN)

    def _fetch_missing(self, applier: Applier, catch_up: CatchUp, task: Task) -> None:
        """Until the replay misses nothing: what is fetched is newer than the head, and the
        entries up to then are tolerated as those of the scan were.
        """
        while missing := applier.missing.documents():
            self._set(phase=SyncPhase.FETCHING_MISSING)
            with closing(DocumentFetcher(self._origin, self._resources.clock)) as fetcher:
                for number, one in enumerate(missing):
                    task.report(FETCHING, number, len(missing))
                    self._fetch(one, fetcher, applier, task)
            task.report(FETCHING, len(missing), len(missing))
            catch_up.apply_until(applier.tolerate_until, task)
        if applier.missing.collections:
            names = ", ".join(sorted(applier.missing.collections.values()))
            raise ApplyFailed("collections that the oplog names never came", where=names)

    def _fetch(
        self, one: MissingDocument, fetcher: DocumentFetcher, applier: Applier, task: Task
    ) -> None:
        database = one.ns.split(".", 1)[0]
        found = fetcher.fetch(database, one.uuid, one.id, applier.position.applied, task)
        self._tolerate(applier, found.at)
        with self._kept.server.errors():
            applier.settle(one, found.raw)

    def _tolerate(self, applier: Applier, until: Optime) -> None:
        if until > applier.tolerate_until:
            self._set(sync_end=until)
            applier.tolerate_until = until

    def _finish(self) -> None:
        """The head is whole: only now may the slices go."""
        self._kept.server.make_durable()
        self._kept.record()
        self._set(phase=SyncPhase.IN_SYNC)
        BuiltSlices(self._kept.server).drop()

    def _collections(self) -> list[SyncCollection]:
        return list(self._resources.metadata.sync_collections.of(self._kept.head.id))

    def _set(self, **changes: object) -> Head:
        heads = self._resources.metadata.heads
        self._kept.head = heads.set(self._kept.head.id, **changes)
        return self._kept.head


class _Building(threading.Thread):
    """The builder beside the transfer; join() raises what it raised."""

    def __init__(self, builder: HeadBuilder, feed: SliceFeed, task: Task) -> None:
        super().__init__(name="building", daemon=True)
        self._builder, self._feed, self._task = builder, feed, task
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._builder.run(self._feed, self._task)
        except BaseException as error:  # noqa: BLE001 - carried to join(), which raises it
            self._error = error
            self._feed.refuse(error)

    def join(self, timeout: float | None = None) -> None:
        super().join(timeout)
        if self._error is not None:
            raise self._error


def forget_slices(resources: Resources, head: Head) -> None:
    """Of a head in sync. Not to be cancelled, and no harm if it is done again after a crash."""
    resources.metadata.sync_collections.drop(head.id)
    resources.sync_store.drop(head.id, Task())


def _catalogue_of(collections: list[SyncCollection]) -> IndexCatalogue:
    catalogue = IndexCatalogue()
    for collection in collections:
        database, name = collection.ns.encode().split(b".", 1)
        if collection.uuid:
            catalogue.add(collection.uuid, database, name, collection.indexes)
    return catalogue
