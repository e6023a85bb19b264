"""What the metadata know of a store: its mark, and some objects that should be there."""

from collections.abc import Iterator

from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.pools import pool_id

KNOWN_OBJECTS = 5
"""So many of each kind are looked for before a store without one of them counts as away."""


class Remembered:
    """Implements storage.marked.Memory."""

    def __init__(self, metadata: Metadata, store: str) -> None:
        self._metadata = metadata
        self._store = store

    def mark(self) -> str:
        return self._metadata.store_marks.of(self._store)

    def note_first(self, mark: str) -> str:
        return self._metadata.store_marks.note_first(self._store, mark)

    def note(self, mark: str) -> None:
        self._metadata.store_marks.note(self._store, mark)

    def known_keys(self) -> list[str]:
        return [key for one in self._deployments() for key in known_keys(self._metadata, one)]

    def _deployments(self) -> Iterator[Deployment]:
        """Those that have something there."""
        for one in self._metadata.deployments.all():
            if one.store == self._store or (one.copy_to == self._store and self._has_copy(one)):
                yield one

    def _has_copy(self, deployment: Deployment) -> bool:
        copy = self._metadata.copies.find(deployment.id)
        return copy is not None and copy.store == self._store and copy.level_at is not None


def known_keys(metadata: Metadata, deployment: Deployment) -> list[str]:
    """Names of a deployment's newest manifests and chunks, and of some packs that it shares."""
    snapshots = list(metadata.snapshots.complete(deployment.id))[-KNOWN_OBJECTS:]
    keys = [snapshot.manifest_key for snapshot in snapshots]
    keys += [chunk.key for chunk in metadata.chunks.before(deployment.id, None, KNOWN_OBJECTS)]
    kept = {"pool": pool_id(deployment.group, deployment.store), "dropped": False}
    return keys + [pack.key for pack in metadata.packs.all(kept, limit=KNOWN_OBJECTS)]
