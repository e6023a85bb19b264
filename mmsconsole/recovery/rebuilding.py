"""The metadata made anew from a store alone.

    catalogue     records of everything that no object tells
    manifests     snapshots, deployments that no catalogue knows, the packs that are needed
    chunks        the stored oplog; what a rollback took back of the snapshots
    packs         where each block lies
    deployments   last, with their heads: until then nothing works with what is written here

So it may be broken off at any moment, and done again from the beginning. It only writes into the
metadata; in the store it changes nothing.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from enum import Enum

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.metadata.asking import head_resource
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.groups import Group
from mmsconsole.metadata.heads import Head
from mmsconsole.metadata.jobs import Job, JobKind
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.recovery.catalogues import Catalogues, Destination, Known
from mmsconsole.recovery.checks import NO_URI
from mmsconsole.recovery.chunks import StoredChunks
from mmsconsole.recovery.deployments import Deployments, Found
from mmsconsole.recovery.heads import Heads
from mmsconsole.recovery.packs import Packs, PoolObjects
from mmsconsole.recovery.report import Report
from mmsconsole.recovery.snapshots import Snapshots
from mmsconsole.stores.oplog.chunk_contents import holds
from mmsconsole.stores.oplog.chunk_object import ChunkObjects
from mmsconsole.stores.places import OnePlace
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

FINDING = "looking for snapshots (deployments)"
HELD = "found without its policy by a rebuild of the store"
UNKNOWN_URI = "its connection string is not known: mmsconsole deployment edit {} --uri-file FILE"
LEFT_OUT = "its password was not kept in the store: mmsconsole deployment edit {} --uri-file FILE"


class Oplog(Enum):
    """How much of the stored oplog is read."""

    WHOLE = "whole"
    HEADERS = "headers"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is made anew: for a restore less will do than for an engine."""

    oplog: Oplog = Oplog.WHOLE
    blocks: bool = True
    """Places of blocks, which only new snapshots need."""
    deployment: str = ""
    """The name of the only one that is wanted; empty: all."""


class Rebuilding:
    def __init__(self, resources: Resources, store: str, extent: Extent | None = None) -> None:
        self._resources = resources
        self._metadata = resources.metadata
        self._store = store
        self._storage = resources.storages.of(store)
        self._extent = extent or Extent()
        self._report = Report()
        self._pools: dict[str, PoolObjects] = {}
        self._packs = Packs(self._storage, self._metadata, self._report)

    def run(self, task: Task) -> Report:
        """Raises StorageError, MetadataError, Cancelled."""
        catalogues = Catalogues.of(self._storage, self._report, task)
        deployments = Deployments(
            self._storage, self._store, self._metadata, self._resources.clock, self._report
        )
        found = deployments.find(catalogues, self._extent.deployment, task)
        known = {each.deployment.id: each.known for each in found if each.known is not None}
        defaults = self._resources.settings.tree.policy.policy
        destination = Destination(self._store, defaults, self._resources.clock.now())
        catalogues.take(self._metadata, known, destination, task)
        for number, each in enumerate(found):
            task.report(FINDING, number, len(found))
            self._settle_snapshots(each, task)
        task.report(FINDING, len(found), len(found))
        self._settle_oplog(found, task)
        if self._extent.blocks:
            pools = [self._metadata.pools.ensure(group, self._store) for group in self._pools]
            self._packs.places(pools, task)
        self._write_deployments(found, catalogues, known)
        return self._report

    # -- snapshots and oplog ------------------------------------------------------------------

    def _settle_snapshots(self, found: Found, task: Task) -> None:
        deployment = found.deployment
        pool = self._metadata.pools.ensure(deployment.group, self._store)
        if deployment.group not in self._pools:
            self._pools[deployment.group] = PoolObjects(self._storage, deployment.group)
        objects = self._pools[deployment.group]
        Snapshots(
            self._storage, self._metadata, deployment, objects,
            lambda located: self._packs.record(pool, located), self._report,
        ).settle(found.manifests, task, hold="" if found.known else HELD)  # fmt: skip

    def _settle_oplog(self, found: list[Found], task: Task) -> None:
        if self._extent.oplog is Oplog.NONE:
            return
        whole = self._extent.oplog is Oplog.WHOLE
        stored = StoredChunks(self._storage, self._metadata, self._report, whole=whole)
        with closing(stored):
            for each in found:
                stored.record(each.deployment, task)
        for each in found:
            for snapshot in list(self._metadata.snapshots.complete(each.deployment.id)):
                task.check()
                self._check_history(snapshot)

    def _check_history(self, snapshot: Snapshot) -> None:
        """A rollback after the catalogue was written: nobody told the snapshot that it is void."""
        assert snapshot.optime is not None, "it is complete"
        chunk = self._metadata.chunks.holding(snapshot.deployment, snapshot.optime)
        if chunk is None or self._holds(chunk, snapshot):
            return
        why = f"the source took back what it holds: no entry {snapshot.optime} is stored"
        self._report.tell(f"snapshot {snapshot.id} is invalid: {why}")
        self._metadata.snapshots.set(snapshot.id, state=SnapshotState.INVALID, reason=why)

    def _holds(self, chunk: OplogChunk, snapshot: Snapshot) -> bool:
        assert snapshot.optime is not None
        try:
            arrays = ChunkObjects(OnePlace(self._storage)).read(chunk)
        except ObjectCorrupt as error:
            self._report.tell(f"a chunk of the stored oplog is damaged: {error}")
            return True
        return holds(arrays, snapshot.optime)

    # -- at the end ---------------------------------------------------------------------------

    def _write_deployments(
        self, found: list[Found], catalogues: Catalogues, known: Mapping[str, Known]
    ) -> None:
        heads = {head.deployment: head for head in catalogues.heads(self._metadata, known)}
        for each in found:
            self._write(each, heads.get(each.deployment.id))

    def _write(self, found: Found, known_head: Head | None) -> None:
        deployment = found.deployment
        head = Heads(self._resources).head_for(deployment, self._own(known_head))
        if head is not None:
            self._metadata.heads.put_all([head])
        if self._metadata.groups.find(deployment.group) is None:
            self._metadata.groups.put_all([Group(deployment.group, deployment.group)])
        written = replace(deployment, head=head.id if head else "", reason=self._reason(found))
        self._metadata.deployments.add(written)
        if written.removed:
            self._remove(written)
        else:
            self._report.deployments.append(deployment.name)

    def _own(self, known: Head | None) -> Head | None:
        """None where another deployment has a head of that id."""
        there = None if known is None else self._metadata.heads.find(known.id)
        foreign = there is not None and known is not None and there.deployment != known.deployment
        return None if foreign else known

    def _remove(self, deployment: Deployment) -> None:
        """Its removal was under way."""
        now = self._resources.clock.now()
        resource = head_resource(deployment)
        self._metadata.jobs.add(Job(new_id(), JobKind.REMOVAL, deployment.id, resource, now))

    def _reason(self, found: Found) -> str:
        """What its administrator has to do."""
        deployment = found.deployment
        if deployment.uri == NO_URI:
            reason = UNKNOWN_URI.format(deployment.name)
        elif found.known is not None and found.known.without_password:
            reason = LEFT_OUT.format(deployment.name)
        else:
            return deployment.reason if deployment.backup is BackupState.RESYNC_REQUIRED else ""
        self._report.tell(f"deployment {deployment.name}: {reason}")
        return reason
