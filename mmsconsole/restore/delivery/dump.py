"""As mongodump writes it, an archive or a folder: mongorestore takes it."""

from pathlib import Path

from mmsconsole.dump.compressing import Gzip
from mmsconsole.dump.metadata_json import parse_filter
from mmsconsole.durable import disk_errors
from mmsconsole.metadata.restores import Restore
from mmsconsole.restore import target
from mmsconsole.restore.choosing import Choice, choose
from mmsconsole.restore.delivery.base import Delivered, Delivery, Made
from mmsconsole.restore.delivery.into_file import FileDelivery
from mmsconsole.restore.delivery.local import check_not_ours, check_writable
from mmsconsole.restore.delivery.one_file import Sink
from mmsconsole.restore.dumping import write_archive, write_folder
from mmsconsole.restore.room import Need
from mmsconsole.restore.server_content import ServerContent
from mmsconsole.task import Task


def is_compressed(restore: Restore) -> bool:
    return restore.where.compression == "gzip"


def chosen_of(made: Made, task: Task) -> tuple[ServerContent, Choice]:
    """What the restore asked for, out of what the mongod on the files holds.

    Raises UsageError, Refused, and as HeadServer.errors does.
    """
    assert made.server is not None, "a logical delivery is made of documents"
    what = made.restore.what
    filters = {ns: parse_filter(text) for ns, text in what.filters}
    content = ServerContent(made.server, filters, task)
    return content, choose(content.collections, what)


class ArchiveDelivery(FileDelivery):
    logical = True
    what = "the dump"

    def fill(self, made: Made, task: Task, sink: Sink) -> None:
        content, choice = chosen_of(made, task)
        if not is_compressed(self.restore):
            write_archive(content, choice, sink.write, task)
            return
        gzip = Gzip(sink.write)
        write_archive(content, choice, gzip.write, task)
        gzip.finish()


class DumpDelivery(Delivery):
    """A folder, which appears when all of it is whole."""

    logical = True

    @property
    def _path(self) -> Path:
        return Path(self.restore.where.path)

    def needs(self) -> list[Need]:
        """As if documents needed what the data files do."""
        return [Need("the dump", self._path.parent, self.restore.needed_bytes)]

    def check(self) -> None:
        if target.is_claimed(self._path, self.restore.id):
            return
        check_writable(self._path)
        target.check_empty(self._path)
        check_not_ours(self.resources.settings, self._path)

    def deliver(self, made: Made, task: Task) -> Delivered:
        if not target.is_whole(self._path, self.restore.id):
            folder = target.claim(self._path, self.restore.id)
            with disk_errors(str(self._path)):
                folder.mkdir(mode=0o700)
            content, choice = chosen_of(made, task)
            compressed = is_compressed(self.restore)
            write_folder(content, choice, folder, compressed=compressed, task=task)
            target.seal(self._path, self.restore.id)
        target.deliver(self._path, self.restore.id)
        return Delivered(self._size(), str(self._path))

    def _size(self) -> int:
        with disk_errors(str(self._path)):
            work = self._path / target.WORK
            files = (file for file in self._path.rglob("*") if not file.is_relative_to(work))
            return sum(file.stat().st_size for file in files if file.is_file())

    def release(self) -> None:
        target.release(self._path, self.restore.id)

    def abandon(self) -> None:
        target.abandon(self._path, self.restore.id)
