"""Snapshots: the catalogue's records held against the manifests that are there."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.checks import CheckFinding, Fault
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.optime import Optime
from mmsconsole.recovery.checks import NO_ENGINE_GOES_ON, is_sane
from mmsconsole.recovery.packs import Located, PoolObjects
from mmsconsole.recovery.report import Report
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.manifest import TRAILER_BYTES, PackEntry, Trailer
from mmsconsole.stores.blocks.manifest_reader import ManifestReader, read_uses
from mmsconsole.stores.framing import PREFIX_BYTES, Header
from mmsconsole.stores.objects import is_plain_id
from mmsconsole.stores.oplog.chunk_header import optime_of_document
from mmsconsole.task import Task

FOLDER = "manifests"
SUFFIX = ".manifest"
PART_BYTES = 1 << 20
GONE = (
    "its manifest is not in the store: it was deleted after the catalogue was written, or is lost"
)

NOWHERE = Optime(0, 0)

ManifestKeys = Mapping[str, Sequence[str]]
"""By the id of the snapshot; each attempt to take it may have left one."""
UsePacks = Callable[[list[Located]], None]


def manifests_in(storage: Storage) -> dict[str, dict[str, list[str]]]:
    """The keys of all manifests, by deployment and snapshot."""
    found: dict[str, dict[str, list[str]]] = {}
    for deployment, keys in groupby(_named(storage), key=lambda parts: parts[0]):
        for _, snapshot, key in keys:
            found.setdefault(deployment, {}).setdefault(snapshot, []).append(key)
    return found


def _named(storage: Storage) -> Iterator[tuple[str, str, str]]:
    """(deployment, snapshot, key); whatever else lies there is not looked at."""
    for stored in storage.list(FOLDER):
        parts = stored.key.split("/")
        snapshot, _, rest = parts[-1].partition(".")
        ours = len(parts) == 3 and rest.endswith(SUFFIX.removeprefix("."))
        if ours and is_plain_id(parts[1]) and is_plain_id(snapshot):
            yield parts[1], snapshot, stored.key


def open_unknown(storage: Storage, key: str, task: Task) -> tuple[ManifestReader, str]:
    """A manifest of which nothing is known, and its sha256: it must fit its own digest.

    Raises ObjectMissing, ObjectCorrupt.
    """
    end = storage.size(key) - TRAILER_BYTES
    if end < PREFIX_BYTES:
        raise ObjectCorrupt("too short to be a manifest", where=key)
    digest = hashlib.sha256()
    for offset in range(0, end, PART_BYTES):
        task.check()
        digest.update(storage.get_range(key, offset, min(PART_BYTES, end - offset)))
    trailer = storage.get_range(key, end, TRAILER_BYTES)
    if Trailer.decoded(trailer, end, key).digest != digest.digest():
        raise ObjectCorrupt("its bytes differ from its sha256", where=key)
    digest.update(trailer)
    sha256 = digest.hexdigest()
    return ManifestReader.open(storage, key, sha256, task), sha256


def snapshot_of_header(
    header: Header, deployment: str, id_: str, base: Snapshot | None = None
) -> Snapshot | None:
    """The record of a complete snapshot, but for what the object itself tells. Pure.

    None where the header tells of another snapshot, or of none.
    """
    told, whose = header.get("snapshot"), header.get("deployment")
    if not isinstance(told, dict) or not isinstance(whose, dict):
        return None
    if told.get("id") != id_ or whose.get("id") != deployment:
        return None
    texts: dict[str, Any] = {name: told.get(name) for name in ("head", "mongod_version", "fcv")}
    optime, at = optime_of_document(told.get("optime")), told.get("created_at")
    if optime is None or not isinstance(at, datetime):
        return None
    if not all(isinstance(text, str) for text in texts.values()):
        return None
    made = replace(
        base or Snapshot(id_, deployment, "", at),
        state=SnapshotState.COMPLETE, optime=optime, finished_at=at, attempt="", previous="",
        replay_from=optime_of_document(told.get("replay_from")), **texts,
    )  # fmt: skip
    return made if is_sane(made) else None


class Snapshots:
    """Of one deployment."""

    def __init__(
        self, storage: Storage, metadata: Metadata, deployment: Deployment,
        objects: PoolObjects, use_packs: UsePacks, report: Report,
    ) -> None:  # fmt: skip
        self._storage = storage
        self._records = metadata.snapshots
        self._deployment = deployment
        self._objects = objects
        self._use_packs = use_packs
        self._report = report

    def settle(self, manifests: ManifestKeys, task: Task, *, hold: str = "") -> None:
        """Every record says what is there; snapshots without a record get one. `hold`: why those
        are not to expire. Raises StorageError, MetadataError, Cancelled.
        """
        known = list(self._records.of(self._deployment.id))
        for record in known:
            task.check()
            settled = self._settled(record, manifests.get(record.id, ()), task)
            if settled is None:
                self._records.remove(record.id)
            else:
                self._put(settled)
        for id_ in sorted(manifests.keys() - {record.id for record in known}):
            task.check()
            if self._records.find(id_) is not None:
                self._report.tell(f"snapshot {id_} is left out: it is of another deployment")
                continue
            found = self._found(id_, manifests[id_], None, task)
            if found is not None:
                self._report.found += 1
                self._put(replace(found, hold=hold))

    def _put(self, snapshot: Snapshot) -> None:
        self._report.snapshots += snapshot.state is SnapshotState.COMPLETE
        self._records.put_all([snapshot])

    def _settled(self, record: Snapshot, keys: Sequence[str], task: Task) -> Snapshot | None:
        """None: it is gone."""
        if record.state is SnapshotState.RUNNING:
            found = self._found(record.id, keys, record, task)
            return found or _failed(record, NO_ENGINE_GOES_ON)
        if record.manifest_key not in keys:
            return self._without_manifest(record)
        try:
            used = read_uses(self._storage, record.manifest_key)
        except (ObjectMissing, ObjectCorrupt) as error:
            damaged = CheckFinding(record.manifest_key, Fault.DAMAGED, error.what)
            return self._in_doubt(record, [damaged])
        return self._in_doubt(record, self._used(used.entries(self._deployment.group)))

    def _in_doubt(self, record: Snapshot, lost: Sequence[CheckFinding]) -> Snapshot:
        """It stays: what is wrong with its objects may still be mended, from a copy or the head.
        The doubt is that of a check, so that a repair knows of it, and may take it away.
        """
        if record.state is not SnapshotState.COMPLETE or not lost:
            return record
        doubts = [one.doubt for one in lost]
        for doubt in doubts:
            self._report.tell(f"snapshot {record.id} is in doubt: {doubt}")
        return replace(record, doubt=record.doubt or doubts[0])

    def _without_manifest(self, record: Snapshot) -> Snapshot | None:
        if record.state is SnapshotState.DELETING:
            return None  # that had come so far
        if record.state is SnapshotState.COMPLETE:
            self._report.tell(f"snapshot {record.id} can not be restored: {GONE}")
            return _failed(record, GONE)
        return replace(record, manifest_key="", manifest_sha256="")

    def _used(self, entries: list[PackEntry]) -> list[CheckFinding]:
        """Their packs are noted, those too that are missing; returns what is wrong with them."""
        followed = list(self._objects.followed(entries))
        self._use_packs(followed)
        return [one.lost for one in followed if one.lost is not None]

    def _found(
        self, id_: str, keys: Sequence[str], base: Snapshot | None, task: Task
    ) -> Snapshot | None:
        """From the newest manifest that is whole; None where there is none."""
        whole = [found for key in keys if (found := self._read(id_, key, base, task))]
        if not whole:
            return None
        snapshot, entries = max(whole, key=lambda pair: pair[0].optime or NOWHERE)
        return self._in_doubt(snapshot, self._used(entries))

    def _read(
        self, id_: str, key: str, base: Snapshot | None, task: Task
    ) -> tuple[Snapshot, list[PackEntry]] | None:
        try:
            manifest, sha256 = open_unknown(self._storage, key, task)
            made = snapshot_of_header(manifest.header, self._deployment.id, id_, base)
            if made is None or manifest.header.get("group") != self._deployment.group:
                raise ObjectCorrupt("tells of another snapshot than its name", where=key)
        except (ObjectMissing, ObjectCorrupt) as error:
            self._report.tell(f"a manifest is passed over: {error}")
            return None
        return replace(
            made, manifest_key=key, manifest_sha256=sha256, manifest_bytes=manifest.stored_bytes,
            files=manifest.files_count, bytes=manifest.bytes,
        ), manifest.packs  # fmt: skip


def _failed(snapshot: Snapshot, reason: str) -> Snapshot:
    """It refers to nothing any more."""
    return replace(
        snapshot, state=SnapshotState.FAILED, reason=reason, manifest_key="",
        manifest_sha256="", attempt="", previous="",
    )  # fmt: skip
