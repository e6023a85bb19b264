"""What every collection of records can do."""

import secrets
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Generic

from pymongo import ReplaceOne, ReturnDocument, UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database

from mmsconsole.errors import NotFound
from mmsconsole.metadata.codec import Document, Record, from_document, to_document, to_value
from mmsconsole.metadata.failures import metadata_errors

Query = dict[str, Any]
Sort = list[tuple[str, int]]
Indexes = list[tuple[Sort, dict[str, Any]]]
"""Keys and options of each."""
PUT_MAX = 1000
"""Records that are written in one go."""


def new_id() -> str:
    """A short random id that is easy to say and to paste (48 bits, unique by the index)."""
    return secrets.token_hex(6)


class Records(Generic[Record]):
    """One collection. Subclasses name it, its record and its indexes, and add its queries.

    Everything here raises MetadataError when the database does not answer.
    """

    name: ClassVar[str]
    record: type[Record]
    noun: ClassVar[str] = "record"
    listed_by: ClassVar[str] = ""
    """The command that lists them, where there is one."""
    indexes: ClassVar[Indexes] = []

    def __init__(self, database: Database[Document]) -> None:
        self.collection: Collection[Document] = database[self.name]

    @metadata_errors()
    def ensure_indexes(self) -> None:
        for keys, options in self.indexes:
            self.collection.create_index(keys, **options)

    def add(self, record: Record) -> Record:
        """Raises AlreadyExists if its id, or what else is unique of it, is taken."""
        with metadata_errors(self.noun):
            self.collection.insert_one(to_document(record))
        return record

    def put_all(self, records: Iterable[Record]) -> int:
        """Each in the place of the one with its id, or new; returns how many there were."""
        writes, count = [], 0
        for count, record in enumerate(records, 1):  # noqa: B007 - it is what is returned
            document = to_document(record)
            writes.append(ReplaceOne({"_id": document["_id"]}, document, upsert=True))
            if len(writes) >= PUT_MAX:
                self._write_all(writes)
                writes = []
        self._write_all(writes)
        return count

    def _write_all(self, writes: "list[ReplaceOne[Document]]") -> None:
        with metadata_errors(self.noun):
            if writes:
                self.collection.bulk_write(writes, ordered=False)

    def add_missing(self, records: Iterable[Record]) -> int:
        """What is there already stays as it is; returns how many are new."""
        writes = []
        for record in records:
            document = to_document(record)
            id_ = document.pop("_id")
            writes.append(UpdateOne({"_id": id_}, {"$setOnInsert": document}, upsert=True))
        with metadata_errors(self.noun):
            if not writes:
                return 0
            return self.collection.bulk_write(writes, ordered=False).upserted_count

    def get(self, id_: str) -> Record:
        """Raises NotFound."""
        found = self.find(id_)
        if found is None:
            raise self._not_found(id_)
        return found

    @metadata_errors()
    def find(self, id_: str) -> Record | None:
        document = self.collection.find_one({"_id": id_})
        return None if document is None else from_document(document, self.record)

    @metadata_errors()
    def one(self, query: Query, sort: Sort | None = None) -> Record | None:
        document = self.collection.find_one(query, sort=sort)
        return None if document is None else from_document(document, self.record)

    def all(
        self, query: Query | None = None, sort: Sort | None = None, limit: int = 0
    ) -> Iterator[Record]:
        with metadata_errors():
            for document in self.collection.find(query or {}, sort=sort, limit=limit):
                yield from_document(document, self.record)

    @metadata_errors()
    def sum_of(self, field: str, query: Query) -> int:
        """Of the records that match; 0 of none."""
        stages = [{"$match": query}, {"$group": {"_id": None, "sum": {"$sum": f"${field}"}}}]
        return sum(int(found["sum"]) for found in self.collection.aggregate(stages))

    def set(self, id_: str, **changes: object) -> Record:
        """Change some fields; returns the record as it then is. Raises NotFound."""
        changed = self.set_where({"_id": id_}, **changes)
        if changed is None:
            raise self._not_found(id_)
        return changed

    def set_where(self, query: Query, **changes: object) -> Record | None:
        """The same on the first record that matches, or None: compare and set in one step."""
        values = {field: to_value(value) for field, value in changes.items()}
        with metadata_errors(self.noun):
            document = self.collection.find_one_and_update(
                query, {"$set": values}, return_document=ReturnDocument.AFTER
            )
        return None if document is None else from_document(document, self.record)

    def _not_found(self, id_: str) -> NotFound:
        hint = f"see: mmsconsole {self.listed_by}" if self.listed_by else ""
        return NotFound(f"there is no {self.noun} {id_!r}", hint=hint)

    @metadata_errors()
    def remove(self, id_: str) -> None:
        self.collection.delete_one({"_id": id_})
