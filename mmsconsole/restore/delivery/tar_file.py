"""One tar file of the data files, as it is or compressed.

Every member belongs to root and is for its owner alone; its time is that of the data. So nothing
of this machine is told.
"""

from collections.abc import Generator, Iterable
from pathlib import Path

from mmsconsole.restore.delivery.base import PHASE, Made
from mmsconsole.restore.delivery.into_file import FileDelivery
from mmsconsole.restore.delivery.one_file import Sink
from mmsconsole.restore.tar.archive import Archive
from mmsconsole.restore.tar.folder_files import FolderFiles
from mmsconsole.stores.blocks.pieces import Piece
from mmsconsole.task import Task


class TarDelivery(FileDelivery):
    what = "the tar file"

    def fill(self, made: Made, task: Task, sink: Sink) -> None:
        compression = self.restore.where.compression
        archive = Archive(Members(made.files, made.optime.t))
        if compression:
            parts = archive.compressed(compression, task)
        else:
            parts = archive.read(0, archive.bytes, task)
        for part in parts:
            sink.write(part)


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
