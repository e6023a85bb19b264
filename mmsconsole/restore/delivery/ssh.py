"""To another machine by SFTP: the data files into a folder there, or one tar archive of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from mmsconsole.rate import MEGABYTE
from mmsconsole.restore.delivery.base import PHASE, Delivered, Delivery, Made
from mmsconsole.restore.delivery.tar_file import Members
from mmsconsole.restore.ssh.connecting import Login, connected, ssh_errors
from mmsconsole.restore.ssh.pushed_file import PushedFile
from mmsconsole.restore.ssh.pushing import Push, files_in, stamp_of
from mmsconsole.restore.ssh.remote import Remote
from mmsconsole.restore.tar.archive import Archive
from mmsconsole.storage.throttled import SharedThrottle
from mmsconsole.task import Task


class Progress:
    """A Meter of one attempt."""

    def __init__(self, total: int, throttle: SharedThrottle | None, task: Task) -> None:
        self._done, self._total = 0, total
        self._lock = Lock()
        self._throttle = throttle
        self._task = task

    def sent(self, count: int) -> None:
        self.kept(count)
        if self._throttle is not None:
            self._throttle.take(count)

    def kept(self, count: int) -> None:
        self._task.check()
        with self._lock:
            self._done += count
            self._task.report(PHASE, self._done, self._total)


class _ToHost(Delivery):
    paces_itself = True

    @contextmanager
    def _remote(self) -> Iterator[Remote]:
        where = self.restore.where
        login = Login(
            where.host, where.port, where.user, where.identity, where.known_hosts, self.secret()
        )  # fmt: skip
        with connected(login) as client, ssh_errors(where.host):
            yield Remote(client, where.host)

    def _progress(self, total: int, task: Task) -> Progress:
        rate = self.restore.where.mb_per_second * MEGABYTE
        clock = self.resources.clock
        throttle = SharedThrottle(rate, clock, task.cancellation) if rate else None
        return Progress(total, throttle, task)


class SshDelivery(_ToHost):
    def check(self) -> None:
        with self._remote() as remote:
            self._push(remote).check(self.restore.needed_bytes)

    def deliver(self, made: Made, task: Task) -> Delivered:
        files = files_in(made.files)
        total = sum(file.bytes for file in files)
        with self._remote() as one, self._remote() as another:
            self._push(one, another).send(files, self._progress(total, task))
        return Delivered(total, self.restore.target)

    def release(self) -> None:
        with self._remote() as remote:
            self._push(remote).release()

    def abandon(self) -> None:
        with self._remote() as remote:
            self._push(remote).abandon()

    def _push(self, *lanes: Remote) -> Push:
        return Push(lanes, self.restore.where.path, self.restore.id)


class SshArchiveDelivery(_ToHost):
    def check(self) -> None:
        with self._remote() as remote:
            self._file(remote).check(self.restore.needed_bytes)

    def deliver(self, made: Made, task: Task) -> Delivered:
        """A compressed archive is sent anew by each attempt; a plain one is gone on with."""
        compression = self.restore.where.compression
        archive = Archive(Members(made.files, made.optime.t))

        def parts(start: int) -> Iterator[bytes]:
            if compression:
                return archive.compressed(compression, Task(task.cancellation))
            return archive.read(start, archive.bytes, Task(task.cancellation))

        stamp = archive.digest(stamp_of(files_in(made.files)))[:12]
        size = None if compression else archive.bytes
        with self._remote() as remote:
            meter = self._progress(archive.bytes, task)
            sent = self._file(remote).send(parts, stamp, size, meter)
        return Delivered(sent, self.restore.target)

    def release(self) -> None:
        with self._remote() as remote:
            self._file(remote).release()

    def abandon(self) -> None:
        with self._remote() as remote:
            self._file(remote).abandon()

    def _file(self, remote: Remote) -> PushedFile:
        return PushedFile(remote, self.restore.where.path, self.restore.id)
