"""A folder that a mongod can be started on. Its files are made inside it: see restore/target.py."""

from pathlib import Path

from mmsconsole.restore import target
from mmsconsole.restore.delivery.base import PHASE, Delivered, Delivery, Made
from mmsconsole.restore.delivery.local import check_not_ours, check_writable
from mmsconsole.task import Task


class FolderDelivery(Delivery):
    @property
    def _folder(self) -> Path:
        return Path(self.restore.where.path)

    def check(self) -> None:
        check_writable(self._folder)
        target.check_free(self._folder, self.restore.id)
        check_not_ours(self.resources.settings, self._folder)

    def deliver(self, made: Made, task: Task) -> Delivered:
        """The files are moved up: no byte is written again."""
        size = made.restore.bytes
        task.report(PHASE, 0, size)
        target.deliver(self._folder, self.restore.id)
        task.report(PHASE, size, size)
        return Delivered(size, str(self._folder))

    def release(self) -> None:
        target.release(self._folder, self.restore.id)

    def abandon(self) -> None:
        target.abandon(self._folder, self.restore.id)
