"""Groups own deployments, policies and keys; one exists from the first day."""

from dataclasses import dataclass

from mmsconsole.metadata.collection import Records
from mmsconsole.metadata.failures import metadata_errors

DEFAULT_GROUP = "default"


@dataclass(frozen=True, slots=True)
class Group:
    id: str
    name: str


class Groups(Records[Group]):
    name = "groups"
    record = Group
    noun = "group"

    @metadata_errors()
    def ensure_default(self) -> None:
        self.collection.update_one(
            {"_id": DEFAULT_GROUP}, {"$setOnInsert": {"name": "Default"}}, upsert=True
        )
