"""By which mark a store that is a folder is known again: by the store's name in the settings."""

from dataclasses import dataclass

from pymongo import ReturnDocument

from mmsconsole.metadata.collection import Records
from mmsconsole.metadata.failures import metadata_errors


@dataclass(frozen=True, slots=True)
class StoreMark:
    id: str
    """The store's name."""
    mark: str
    """What is in the folder's own file."""


class StoreMarks(Records[StoreMark]):
    name = "store_marks"
    record = StoreMark
    noun = "mark of a store"

    def of(self, store: str) -> str:
        """Empty: none is known yet."""
        found = self.find(store)
        return "" if found is None else found.mark

    @metadata_errors()
    def note_first(self, store: str, mark: str) -> str:
        """Unless one is known already; returns the one that is known then."""
        document = self.collection.find_one_and_update(
            {"_id": store}, {"$setOnInsert": {"mark": mark}}, upsert=True,
            return_document=ReturnDocument.AFTER,
        )  # fmt: skip
        assert document is not None  # it is made if it is not there
        return str(document["mark"])

    def note(self, store: str, mark: str) -> None:
        self.put_all([StoreMark(store, mark)])
