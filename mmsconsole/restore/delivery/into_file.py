"""Into one file on this machine, with its sha256 beside it."""

from abc import abstractmethod
from functools import partial
from pathlib import Path
from typing import ClassVar

from mmsconsole.restore.delivery.base import Delivered, Delivery, Made
from mmsconsole.restore.delivery.local import check_not_ours, check_writable
from mmsconsole.restore.delivery.one_file import OneFile, Sink
from mmsconsole.restore.room import Need
from mmsconsole.task import Task


class FileDelivery(Delivery):
    what: ClassVar[str]
    """The file, in words."""

    @abstractmethod
    def fill(self, made: Made, task: Task, sink: Sink) -> None:
        """Write all that belongs into the file. Reports and raises as deliver() does."""

    @property
    def _path(self) -> Path:
        return Path(self.restore.where.path)

    @property
    def _file(self) -> OneFile:
        return OneFile(self._path, self.restore.id)

    def needs(self) -> list[Need]:
        """As if it held what the data files do, and nothing could be compressed."""
        return [Need(self.what, self._path.parent, self.restore.needed_bytes)]

    def check(self) -> None:
        check_writable(self._path)
        check_not_ours(self.resources.settings, self._path)
        self._file.check()

    def deliver(self, made: Made, task: Task) -> Delivered:
        size, sha256 = self._file.write(partial(self.fill, made, task))
        return Delivered(size, str(self._path), f"sha256 {sha256}")

    def release(self) -> None:
        self._file.release()

    def abandon(self) -> None:
        self._file.abandon()
