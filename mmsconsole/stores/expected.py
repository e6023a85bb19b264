"""Which objects belong into a store: those that a record refers to, of deployments that have their
objects there, or a copy of them. And of any object, whether a record refers to it.
"""

import re
from collections.abc import Iterable, Mapping
from re import Match

from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.pools import store_of_pool
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState

FOLDERS = ("manifests", "oplog", "packs", "slices")
_ID = r"[A-Za-z0-9_][A-Za-z0-9_-]*"
_MANIFEST = re.compile(rf"manifests/(?P<deployment>{_ID})/(?P<id>{_ID})\.{_ID}\.manifest")
_CHUNK = re.compile(rf"oplog/(?P<deployment>{_ID})/(?P<end>\d{{10}})-\d{{10}}-{_ID}\.chunk")
_PACK = re.compile(rf"packs/{_ID}/{_ID}/(?P<id>{_ID})\.(?P<kind>pack|moved)")
_SLICE = re.compile(rf"slices/(?P<head>{_ID})/{_ID}/\d{{8}}-(?P<id>{_ID})\.slice")
OURS = (_MANIFEST, _CHUNK, _PACK, _SLICE)

Found = Mapping[str, Match[str]]
"""Keys, taken apart."""


class Expected:
    """As the records are when it is asked; deployments and pools as they were when it was made."""

    def __init__(self, metadata: Metadata, store: str) -> None:
        self._metadata = metadata
        deployments = list(metadata.deployments.all())
        self._known = {one.id for one in deployments}
        self._heads = {one.id for one in metadata.heads.all()}
        self._elsewhere = {one.id for one in deployments if store not in (one.store, one.copy_to)}
        copied = {(one.group, one.store) for one in deployments if one.copy_to == store}
        elsewhere = [pool for pool in metadata.pools.all() if pool.store != store]
        self._copied = {one.id for one in elsewhere if (one.group, one.store) in copied}
        self._pools_elsewhere = {one.id for one in elsewhere} - self._copied

    def among(self, keys: Iterable[str]) -> set[str]:
        """Those that belong there; what does not look like an object of ours is let alone, and so
        is what belongs to a deployment or head that nobody knows: the metadata may be new.
        """
        found: dict[re.Pattern[str], dict[str, Match[str]]] = {kind: {} for kind in OURS}
        expected = set()
        for key in keys:
            match = next(filter(None, (kind.fullmatch(key) for kind in OURS)), None)
            if match is None or not self._is_known(match):
                expected.add(key)
            else:
                found[match.re][key] = match
        expected |= self._manifests(found[_MANIFEST]) | self._chunks(found[_CHUNK])
        return expected | self._packs(found[_PACK]) | self._slices(found[_SLICE])

    def _is_known(self, match: Match[str]) -> bool:
        parts = match.groupdict()
        head, deployment = parts.get("head"), parts.get("deployment")
        return (head is None or head in self._heads) and (
            deployment is None or deployment in self._known
        )

    def _manifests(self, found: Found) -> set[str]:
        records = {one.id: one for one in self._metadata.snapshots.all(_by_id(found))}

        def is_expected(key: str, snapshot: Snapshot | None) -> bool:
            if snapshot is None or snapshot.deployment in self._elsewhere:
                return False
            # A cut that runs has stored one before its record tells of it.
            return snapshot.manifest_key == key or snapshot.state is SnapshotState.RUNNING

        return {key for key, match in found.items() if is_expected(key, records.get(match["id"]))}

    def _packs(self, found: Found) -> set[str]:
        records = {one.id: one for one in self._metadata.packs.all(_by_id(found))}

        def is_expected(kind: str, pack: Pack | None) -> bool:
            if kind == "moved":
                return True  # goes with its pack's record, and may have to outlive the metadata
            if pack is None or pack.pool in self._pools_elsewhere:
                return False
            # A copy gives a pack up when it has what took its place: that is the copying's to know.
            return not pack.dropped or pack.pool in self._copied

        return {
            key for key, match in found.items()
            if is_expected(match["kind"], records.get(match["id"]))
        }  # fmt: skip

    def _chunks(self, found: Found) -> set[str]:
        """Keys tell where a chunk ends, by which its record is found."""
        ends: dict[str, list[int]] = {}
        for match in found.values():
            ends.setdefault(match["deployment"], []).append(int(match["end"]))
        expected = set()
        for deployment, seconds in ends.items():
            if deployment not in self._elsewhere:
                between = {"$gte": min(seconds), "$lte": max(seconds)}
                query = {"deployment": deployment, "end.t": between}
                expected |= {chunk.key for chunk in self._metadata.chunks.all(query)}
        return expected & found.keys()

    def _slices(self, found: Found) -> set[str]:
        return {one.key for one in self._metadata.slices.all(_by_id(found))} & found.keys()


def homes_of(metadata: Metadata, keys: Iterable[str]) -> dict[str, str]:
    """The store that each object belongs to by the record that refers to it now, empty where the
    deployment of that is not known; an object that no record refers to is not in the answer.
    """
    homes = {}
    for key in keys:
        match = next(filter(None, (kind.fullmatch(key) for kind in OURS)), None)
        home = None if match is None else _home_of(metadata, key, match)
        if home is not None:
            homes[key] = home
    return homes


def pack_of(key: str) -> str:
    """The id of the pack of that name; empty for other names."""
    match = _PACK.fullmatch(key)
    return match["id"] if match is not None and match["kind"] == "pack" else ""


def _home_of(metadata: Metadata, key: str, match: Match[str]) -> str | None:
    parts = match.groupdict()
    if match.re is _PACK:
        pack = metadata.packs.find(parts["id"])
        if pack is None or (pack.dropped and parts["kind"] == "pack"):
            return None
        return store_of_pool(pack.pool)
    if match.re is _MANIFEST:
        snapshot = metadata.snapshots.find(parts["id"])
        if snapshot is None or snapshot.manifest_key != key:
            return None
        return _store_of(metadata, snapshot.deployment)
    if match.re is _CHUNK:
        query = {"deployment": parts["deployment"], "end.t": int(parts["end"]), "key": key}
        return _store_of(metadata, parts["deployment"]) if metadata.chunks.one(query) else None
    slice_, head = metadata.slices.find(parts["id"]), metadata.heads.find(parts["head"])
    if slice_ is None or slice_.key != key:
        return None
    return _store_of(metadata, head.deployment if head else "")


def _store_of(metadata: Metadata, deployment_id: str) -> str:
    deployment = metadata.deployments.find(deployment_id)
    return "" if deployment is None else deployment.store


def _by_id(found: Found) -> dict[str, dict[str, list[str]]]:
    return {"_id": {"$in": [match["id"] for match in found.values()]}}
