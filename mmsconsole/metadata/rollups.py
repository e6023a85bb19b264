"""How far samples are rolled up into those of minutes and hours."""

from dataclasses import dataclass
from datetime import datetime

from mmsconsole.metadata.collection import Records
from mmsconsole.metadata.failures import metadata_errors


@dataclass(frozen=True, slots=True)
class RollUp:
    id: str
    """The grain that is made."""
    done: datetime
    """Everything before it is there."""


class RollUps(Records[RollUp]):
    name = "rollups"
    record = RollUp
    noun = "roll-up"

    @metadata_errors()
    def done_until(self, id_: str, until: datetime) -> None:
        """It never goes back, whoever else does the same."""
        self.collection.update_one({"_id": id_}, {"$max": {"done": until}}, upsert=True)

    @metadata_errors()
    def set_back(self, mark: RollUp, done: datetime) -> None:
        """Unless somebody else has moved it meanwhile."""
        self.collection.update_one({"_id": mark.id, "done": mark.done}, {"$set": {"done": done}})
