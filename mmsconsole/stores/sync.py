"""The sync store: the slices of an initial sync, until the head has been built from them."""

from mmsconsole.errors import AlreadyExists, ObjectCorrupt
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.syncs import Slice, SyncCollection
from mmsconsole.rawbson import Buffer
from mmsconsole.stores.compression import Zstd, check_raw_bytes
from mmsconsole.stores.deleting import Deleting
from mmsconsole.stores.framing import SLICE, Header, frame, unframe
from mmsconsole.stores.objects import get_verified, plain_id, sha256_hex
from mmsconsole.stores.places import Places
from mmsconsole.task import Task


class SyncStore:
    """Slices may be put and read by several threads at one time."""

    def __init__(self, places: Places, metadata: Metadata) -> None:
        self._places = places
        self._metadata = metadata
        self._zstd = Zstd(checksum=True)

    def put(self, head_id: str, collection: SyncCollection, sequence: int, array: Buffer) -> Slice:
        """Store a BSON array of documents, compressed; durable on return.

        A slice of that sequence that is there already (from an attempt that was broken off) is
        replaced. Where an attempt may have got further than this one will: drop_collection first.
        """
        raw_bytes = check_raw_bytes(memoryview(array).nbytes)
        header = {**_identity(head_id, collection, sequence), "raw_bytes": raw_bytes}
        parts = [frame(SLICE, header), *self._zstd.compress_parts([array], raw_bytes)]
        id_ = new_id()
        # The id makes the key one that nobody else writes to: a late second writer of this
        # sequence can not change the bytes under a record.
        key = f"{_folder(head_id, collection.id)}/{sequence:08d}-{id_}.slice"
        slice_ = Slice(
            id=id_,
            head=head_id,
            collection=collection.id,
            sequence=sequence,
            key=key,
            sha256=sha256_hex(parts),
            raw_bytes=raw_bytes,
            stored_bytes=self._places.of_head(head_id).put(key, parts),
        )
        self._record(slice_)
        return slice_

    def get(self, slice_: Slice) -> bytes:
        """The array, byte for byte. Raises ObjectMissing, ObjectCorrupt."""
        data = get_verified(self._places.of_head(slice_.head), slice_.key, slice_.sha256)
        header, start = unframe(data, SLICE, slice_.key)
        told = (header.get("head"), header.get("collection"), header.get("sequence"))
        if told != (slice_.head, slice_.collection, slice_.sequence):
            raise ObjectCorrupt(f"says that it is slice {told}", where=slice_.key)
        return self._zstd.decompress(memoryview(data)[start:], slice_.raw_bytes, slice_.key)

    def drop_collection(self, head_id: str, collection_id: str, task: Task) -> None:
        """Forget the slices of one collection, before it is copied again."""
        self._metadata.slices.drop(head_id, collection_id)
        self._deleting(head_id).delete_below(_folder(head_id, collection_id), task)

    def drop(self, head_id: str, task: Task) -> None:
        """Forget every slice of a head, recorded or left behind by a crash."""
        self._metadata.slices.drop(head_id)
        self._deleting(head_id).delete_below(f"slices/{plain_id(head_id)}", task)

    def _deleting(self, head_id: str) -> Deleting:
        name = self._places.name_of_head(head_id)
        return Deleting(self._places.of_head(head_id), self._metadata, name)

    def _record(self, slice_: Slice) -> None:
        try:
            self._metadata.slices.add(slice_)
        except AlreadyExists:
            self._replace(slice_)

    def _replace(self, slice_: Slice) -> None:
        place = {
            "head": slice_.head, "collection": slice_.collection, "sequence": slice_.sequence
        }  # fmt: skip
        old = self._metadata.slices.one(place)
        if old is not None:
            self._metadata.slices.remove(old.id)
        self._metadata.slices.add(slice_)
        if old is not None:
            self._deleting(old.head).delete(old.key)


def _folder(head_id: str, collection_id: str) -> str:
    return f"slices/{plain_id(head_id)}/{plain_id(collection_id)}"


def _identity(head_id: str, collection: SyncCollection, sequence: int) -> Header:
    return {
        "head": head_id,
        "collection": collection.id,
        "ns": collection.ns,
        "uuid": collection.uuid,
        "kind": collection.kind,
        "options": collection.options,
        "sequence": sequence,
    }
