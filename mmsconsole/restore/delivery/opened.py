"""A snapshot or a moment opened for reading: the files stay in staging, and a mongod runs on them
until its time is over.
"""

from datetime import timedelta
from typing import ClassVar

from mmsconsole.metadata.openings import Opening
from mmsconsole.restore.delivery.base import PHASE, Delivered, Delivery, Made
from mmsconsole.restore.opened.reader import NAME, add_reader, new_password
from mmsconsole.restore.opening import changing, place_of
from mmsconsole.task import Task

WHERE = "opened on this machine"


class OpenedDelivery(Delivery):
    keeps_staging: ClassVar[bool] = True

    def check(self) -> None:
        """Its room is that of the files; ports are found when it is started."""

    def deliver(self, made: Made, task: Task) -> Delivered:
        openings = self.resources.metadata.openings
        if openings.find(self.restore.id) is None:
            task.report(PHASE, 0, made.snapshot.bytes)
            openings.add(self._prepared(made))
            task.report(PHASE, made.snapshot.bytes, made.snapshot.bytes)
        return Delivered(made.snapshot.bytes, WHERE)

    def _prepared(self, made: Made) -> Opening:
        resources, restore, password = self.resources, made.restore, new_password()
        place = place_of(resources, made.snapshot, restore.id, made.files)
        with changing(resources, place) as server:
            add_reader(server.client, password)
        now = resources.clock.now()
        return Opening(
            restore.id, restore.deployment, made.snapshot.id, made.optime, str(made.files),
            restore.staging, NAME, password, now, now + timedelta(hours=restore.where.hours),
            created_by=restore.created_by, bytes=made.snapshot.bytes,
            mongod_version=made.snapshot.mongod_version, fcv=made.snapshot.fcv,
        )  # fmt: skip

    def abandon(self) -> None:
        """Raises MmsError. The keeper ends what it has begun when the record is gone."""
        self.resources.metadata.openings.remove(self.restore.id)
