"""One file to another machine, whole or not at all.

    FOLDER/.mmsconsole-restore-ID-STAMP    what is being sent
    FOLDER/.mmsconsole-restore-ID-whole    it is whole, and NAME is ours where no part is there
    FOLDER/NAME

STAMP is of the very bytes, so that what was sent of others is not gone on with.
"""

import posixpath
from collections.abc import Callable, Iterator

from mmsconsole.errors import AlreadyExists, NotFound, TargetRefused
from mmsconsole.restore.ssh.pushing import Meter, check_room, whole_until
from mmsconsole.restore.ssh.remote import Remote

NAME_BYTES_MAX = 255

Parts = Callable[[int], Iterator[bytes]]
"""From a byte on to the end."""


class PushedFile:
    def __init__(self, remote: Remote, path: str, restore_id: str) -> None:
        self._remote = remote
        self._path = path
        self._folder = posixpath.dirname(path) or "."
        self._prefix = f".mmsconsole-restore-{restore_id}-"
        self._whole = posixpath.join(self._folder, f"{self._prefix}whole")

    def check(self, needed: int) -> None:
        """Raises AlreadyExists, NotFound, TargetRefused, NoRoom."""
        remote = self._remote
        if len(posixpath.basename(self._path).encode()) > NAME_BYTES_MAX:
            raise TargetRefused("the name of the file is too long", where=self._path)
        if remote.look(self._folder) is None:
            raise NotFound(f"there is no folder {self._folder} on the host", where=self._path)
        if remote.look(self._path) is not None and not self._is_ours():
            hint = "name another file, or move that one away"
            raise AlreadyExists("there is such a file on the host", where=self._path, hint=hint)
        sent = sum(remote.bytes_below(part) for part in self._parts())
        check_room(remote, self._folder, needed - sent)

    def send(self, parts: Parts, stamp: str, size: int | None, meter: Meter) -> int:
        """Returns its size there. `size` None: these bytes are never the same twice; sent anew.

        Raises TargetRefused, TargetUnreachable, DiskFull, and what the parts and the meter raise.
        """
        if not self._is_ours():
            part = posixpath.join(self._folder, self._prefix + stamp)
            if self._remote.look(self._whole) is None or not self._parts():
                self._remote.remove(self._whole)
                self._send_part(part, parts, size, meter)
                self._mark_whole()
            self._remote.rename(self._parts()[0], self._path)
        return self._remote.bytes_below(self._path)

    def _send_part(self, part: str, parts: Parts, size: int | None, meter: Meter) -> None:
        for other in self._parts():
            if other != part or size is None:
                self._remote.remove_file(other)
        seen = self._remote.look(part)
        start = 0 if seen is None or size is None else whole_until(seen.bytes, size)
        meter.kept(start)
        sent = start
        for count in self._remote.write(part, start, parts(start)):
            sent += count
            meter.sent(count)
        if size not in (None, sent) or self._remote.bytes_below(part) != sent:
            raise TargetRefused("has not the length there that it has here", where=part)

    def _mark_whole(self) -> None:
        for _ in self._remote.write(self._whole, 0, ()):
            pass

    def release(self) -> None:
        """It stays there; nothing tells any more that it was ours."""
        self._remote.remove(self._whole)

    def abandon(self) -> None:
        if self._is_ours():
            self._remote.remove_file(self._path)
        self._remote.remove(self._whole)  # before the part: else theirs was taken for ours
        for part in self._parts():
            self._remote.remove_file(part)

    def _is_ours(self) -> bool:
        """Whether the file in its place is what this restore has sent."""
        remote = self._remote
        there = remote.look(self._whole) is not None and remote.look(self._path) is not None
        return there and not self._parts()

    def _parts(self) -> list[str]:
        """At most one, but for a crash between two."""
        if self._remote.look(self._folder) is None:
            return []
        names = [name for name in self._remote.names(self._folder) if name.startswith(self._prefix)]
        paths = [posixpath.join(self._folder, name) for name in names]
        return [path for path in paths if path != self._whole]
