"""What is done on the other machine, by SFTP alone: no shell there is ever asked for anything."""

import errno
import posixpath
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import paramiko

from mmsconsole.errors import DiskFull, NotFound, TargetRefused, TargetUnreachable
from mmsconsole.restore.ssh import extensions
from mmsconsole.restore.ssh.connecting import ANSWER_SECONDS

SYNC_BYTES = 64 << 20
"""What is behind a multiple of this may have to be sent again after a break."""
FOLDER_MODE, FILE_MODE = 0o700, 0o600
SPARE_BYTES = 16 << 20


class Seen(NamedTuple):
    bytes: int
    is_folder: bool


class Remote:
    """An SFTP session. Paths are checked before (address.py, or names of files of ours)."""

    def __init__(self, client: paramiko.SSHClient, host: str) -> None:
        self._host = host
        self._sftp = client.open_sftp()
        channel = self._sftp.get_channel()
        assert channel is not None  # it was opened a line ago
        channel.settimeout(ANSWER_SECONDS)

    def look(self, path: str) -> Seen | None:
        """None where nothing is; links are not followed."""
        try:
            with self._errors(path):
                found = self._sftp.lstat(path)
        except NotFound:
            return None
        return Seen(found.st_size or 0, stat.S_ISDIR(found.st_mode or 0))

    def names(self, folder: str) -> list[str]:
        with self._errors(folder):
            return sorted(self._sftp.listdir(folder))

    def free_bytes(self, folder: str) -> int | None:
        """None where the server does not tell: it is no OpenSSH."""
        return extensions.free_bytes(self._sftp, folder)

    def make_folder(self, path: str) -> None:
        with self._errors(path):
            self._sftp.mkdir(path, FOLDER_MODE)
            self._sftp.chmod(path, FOLDER_MODE)  # whatever the other side's umask is

    def rename(self, before: str, after: str) -> None:
        """Raises TargetRefused where something is there already."""
        if self.look(after) is not None:
            raise TargetRefused("somebody else has put something here", where=self._at(after))
        with self._errors(after):
            self._sftp.rename(before, after)

    def remove_file(self, path: str) -> None:
        with self._errors(path):
            self._sftp.remove(path)

    def remove(self, path: str) -> None:
        """Whatever it is; a link is removed, not followed. Nothing there is no error."""
        seen = self.look(path)
        if seen is not None:
            (self.remove_tree if seen.is_folder else self.remove_file)(path)

    def remove_tree(self, folder: str) -> None:
        for name in self.names(folder):
            self.remove(posixpath.join(folder, name))
        with self._errors(folder):
            self._sftp.rmdir(folder)

    def remove_if_empty(self, folder: str) -> None:
        with suppress(TargetRefused, NotFound), self._errors(folder):
            self._sftp.rmdir(folder)

    def bytes_below(self, path: str) -> int:
        """Of the files there."""
        seen = self.look(path)
        if seen is None or not seen.is_folder:
            return 0 if seen is None else seen.bytes
        return sum(self.bytes_below(posixpath.join(path, name)) for name in self.names(path))

    def read(self, path: str, most: int) -> bytes:
        """A small file."""
        with self._errors(path), self._sftp.open(path) as file:
            return file.read(most)

    def write(self, path: str, start: int, parts: Iterable[bytes]) -> Iterator[int]:
        """Yields how many bytes went, part by part; durable there once it has ended.

        From `start` on, which is where the file may be cut off. A new one is made where nothing
        is any more: a link that somebody laid there is not followed.
        """
        if not start:
            self.remove(path)
        with self._errors(path), self._sftp.open(path, "r+" if start else "wx") as file:
            file.chmod(FILE_MODE)
            file.truncate(start)
            writer, unsynced = extensions.AheadWriter(self._sftp, file, start), 0
            for part in parts:
                writer.write(part)
                unsynced += len(part)
                if unsynced >= SYNC_BYTES:
                    writer.sync()
                    unsynced = 0
                yield len(part)
            writer.sync()

    def _at(self, path: str) -> str:
        return f"{self._host}:{path}"

    @contextmanager
    def _errors(self, path: str) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            raise TargetUnreachable("does not answer any more", where=self._host) from error
        except OSError as error:
            raise self._meant(error, path) from error

    def _meant(self, error: OSError, path: str) -> Exception:
        """The protocol has one word for most of what can go wrong: "Failure"."""
        where = self._at(path)
        if error.errno == errno.ENOENT:
            return NotFound("there is nothing there", where=where)
        if error.errno == errno.EACCES:
            return TargetRefused("the user may not do that there", where=where)
        channel = self._sftp.get_channel()
        if channel is None or channel.closed or str(error) == "Socket is closed":
            return TargetUnreachable("the connection broke off", where=self._host)
        if self._is_full(path):
            return DiskFull("no space left on the disk there", where=where)
        return TargetRefused(f"the server said: {error}", where=where)

    def _is_full(self, path: str) -> bool:
        free = extensions.free_bytes(self._sftp, posixpath.dirname(path))
        return free is not None and free < SPARE_BYTES
