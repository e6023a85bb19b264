"""Pools: what shares blocks. One group in one store: nothing is deduplicated across either."""

from dataclasses import dataclass
from datetime import datetime

from pymongo import ReturnDocument

from mmsconsole.metadata.codec import from_document
from mmsconsole.metadata.collection import Records
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.settings import DEFAULT_STORE


def pool_id(group: str, store: str) -> str:
    return group if store == DEFAULT_STORE else f"{group}@{store}"


def store_of_pool(id_: str) -> str:
    return id_.rpartition("@")[2] if "@" in id_ else DEFAULT_STORE


@dataclass(frozen=True, slots=True)
class Pool:
    id: str
    group: str
    store: str
    epoch: int = 1
    """Raised each time that packs were condemned: a cut of this epoch or a later one sees that."""
    groomed_at: datetime | None = None


class Pools(Records[Pool]):
    name = "pools"
    record = Pool
    noun = "pool"

    @metadata_errors()
    def ensure(self, group: str, store: str) -> Pool:
        """The pool, made where it is not there yet."""
        id_ = pool_id(group, store)
        made = {"group": group, "store": store, "epoch": 1, "groomed_at": None}
        document = self.collection.find_one_and_update(
            {"_id": id_}, {"$setOnInsert": made}, upsert=True,
            return_document=ReturnDocument.AFTER,
        )  # fmt: skip
        assert document is not None  # it is made if it is not there
        return from_document(document, Pool)

    def epoch(self, id_: str) -> int:
        return self.get(id_).epoch

    @metadata_errors()
    def bump(self, id_: str) -> int:
        """The new epoch. Everything that belongs to it must have been written before."""
        document = self.collection.find_one_and_update(
            {"_id": id_}, {"$inc": {"epoch": 1}}, return_document=ReturnDocument.AFTER
        )
        if document is None:
            raise self._not_found(id_)
        return int(document["epoch"])
