"""One tar file of the data files, as it is or compressed.

Every member belongs to root and is for its owner alone; its time is that of the data. So nothing
of this machine is told.
"""

from collections.abc import Generator, Iterable
from pathlib import Path

from mmsconsole.restore.delivery.base import PHASE, Delivered, Delivery, Made
from mmsconsole.restore.delivery.local import check_not_ours, check_writable
from mmsconsole.restore.delivery.one_file import OneFile, Sink
from mmsconsole.restore.room import Need
from mmsconsole.restore.tar.archive import Archive
from mmsconsole.restore.tar.folder_files import FolderFiles
from mmsconsole.stores.blocks.pieces import Piece
from mmsconsole.task import Task


class TarDelivery(Delivery):
    @property
    def _path(self) -> Path:
        return Path(self.restore.where.path)

    @property
    def _file(self) -> OneFile:
        return OneFile(self._path, self.restore.id)

    def needs(self) -> list[Need]:
        """As if nothing could be compressed."""
        return [Need("the tar file", self._path.parent, self.restore.needed_bytes)]

    def check(self) -> None:
        check_writable(self._path)
        check_not_ours(self.resources.settings, self._path)
        self._file.check()

    def deliver(self, made: Made, task: Task) -> Delivered:
        compression = self.restore.where.compression
        archive = Archive(Members(made.files, made.optime.t))

        def fill(sink: Sink) -> None:
            if compression:
                parts = archive.compressed(compression, task)
            else:
                parts = archive.read(0, archive.bytes, task)
            for part in parts:
                sink.write(part)

        size, sha256 = self._file.write(fill)
        return Delivered(size, str(self._path), f"sha256 {sha256}")

    def release(self) -> None:
        self._file.release()

    def abandon(self) -> None:
        self._file.abandon()


class Members:
    """The files of a folder, all of one time; who reads them hears how far that is."""

    def __init__(self, folder: Path, mtime: int) -> None:
        self._inner = FolderFiles(folder)
        self.files = [file._replace(mtime=mtime) for file in self._inner.files]

    def read(self, pieces: Iterable[Piece], task: Task) -> Generator[bytes, None, None]:
        done, total = 0, sum(file.bytes for file in self.files)
        task.report(PHASE, 0, total)
        for data in self._inner.read(pieces, task):
            yield data
            done += len(data)  # headers among them
            task.report(PHASE, min(done, total), total)
