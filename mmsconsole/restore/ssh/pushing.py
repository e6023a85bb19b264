"""Files to another machine, whole or not at all, going on where an attempt broke off.

    PATH/.mmsconsole-restore-ID-STAMP/    what is being sent; moved up into PATH when all is there
    PATH/.mmsconsole-restore-ID-names     the same, while it is being written
    PATH/.mmsconsole-restore-ID-moving    all is there: the names that are or were moved up
    PATH/.mmsconsole-restore-ID-made      PATH itself was made for this restore (a folder)

STAMP is of the very files that are sent: what was sent of others (made anew after a crash) does
not go together with these, and is removed. Of a file that is there in part, what lies before the
last sync is kept.
"""

import hashlib
import posixpath
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple, Protocol

from mmsconsole.durable import disk_errors
from mmsconsole.errors import NoRoom, NotFound, TargetNotEmpty, TargetRefused
from mmsconsole.restore.ssh.remote import SYNC_BYTES, Remote
from mmsconsole.threads import in_order

PART_BYTES = 1 << 20
NAMES_BYTES_MAX = 64 << 20
"""Of a folder's files: there may be a hundred thousand."""
SPARE_BYTES = 64 << 20
"""Stay free over there."""


LOOK = "look who else may write to that folder there, or name another one"


class Meter(Protocol):
    """Told how far it is, in bytes, by any thread; both may raise Cancelled."""

    def sent(self, count: int) -> None:
        """They went just now; may wait, so that no more of them go than may."""

    def kept(self, count: int) -> None:
        """They are there from an earlier attempt."""


class LocalFile(NamedTuple):
    name: str
    """With '/', below the folder."""
    path: Path
    bytes: int
    stamp: str
    """Which very file this is, and which state of it."""


def files_in(folder: Path) -> list[LocalFile]:
    """In the order of their names. Raises StorageError."""
    with disk_errors(str(folder)):
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        return [_local(folder, path) for path in found]


def _local(folder: Path, path: Path) -> LocalFile:
    state = path.stat()
    stamp = f"{state.st_ino}:{state.st_mtime_ns}:{state.st_size}"
    return LocalFile(path.relative_to(folder).as_posix(), path, state.st_size, stamp)


def stamp_of(files: Sequence[LocalFile]) -> str:
    told = "\n".join(f"{file.name} {file.stamp}" for file in files)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


class Push:
    """Into one folder over there."""

    def __init__(self, lanes: Sequence[Remote], folder: str, restore_id: str) -> None:
        """`lanes`: one session or more; so many files are sent at one time."""
        self._remote, self._lanes = lanes[0], lanes
        self._folder = folder
        self._prefix = f".mmsconsole-restore-{restore_id}-"
        self._made = posixpath.join(folder, f"{self._prefix}made")
        self._moving = posixpath.join(folder, f"{self._prefix}moving")
        self._names = posixpath.join(folder, f"{self._prefix}names")

    def check(self, needed: int) -> None:
        """Nothing of anybody else is in the folder, and there is room.

        Raises TargetNotEmpty, NotFound, NoRoom.
        """
        remote, folder = self._remote, self._folder
        seen, parent = remote.look(folder), posixpath.dirname(folder) or "."
        if seen is None and remote.look(parent) is None:
            raise NotFound(f"there is no folder {parent} on the host", where=folder)
        if seen is not None and not seen.is_folder:
            raise TargetNotEmpty("this is not a folder", where=folder)
        names = remote.names(folder) if seen else []
        ours = [name for name in names if self._is_ours(name)]
        if posixpath.basename(self._moving) in ours:
            return  # all is there, and only has to be moved up
        if len(ours) < len(names):
            raise TargetNotEmpty("the folder there is not empty", where=folder)
        sent = sum(remote.bytes_below(posixpath.join(folder, name)) for name in ours)
        check_room(remote, folder if seen else parent, needed - sent)

    def send(self, files: Sequence[LocalFile], meter: Meter) -> None:
        """Raises TargetRefused, TargetUnreachable, DiskFull, and what the meter raises."""
        remote = self._remote
        if remote.look(self._folder) is None:
            remote.make_folder(self._folder)
            remote.make_folder(self._made)
        if remote.look(self._moving) is None:
            self._send_all(files, meter)
        self._move_up()

    def _send_all(self, files: Sequence[LocalFile], meter: Meter) -> None:
        work = posixpath.join(self._folder, self._prefix + stamp_of(files))
        for other in set(self._works()) - {work}:
            self._remote.remove_tree(other)
        folders: set[str] = set()
        self._make_folders(work, "", folders)
        for file in files:
            self._make_folders(work, posixpath.dirname(file.name), folders)
        self._send_in_lanes(files, work, meter)
        names = "\n".join(sorted({file.name.split("/")[0] for file in files}))
        for _ in self._remote.write(self._names, 0, [names.encode()]):
            pass
        self._remote.rename(self._names, self._moving)

    def _send_in_lanes(self, files: Sequence[LocalFile], work: str, meter: Meter) -> None:
        """The longest first, so that all lanes end at about the same time."""
        free: SimpleQueue[Remote] = SimpleQueue()
        for lane in self._lanes:
            free.put(lane)

        def send(file: LocalFile) -> None:
            lane = free.get()
            try:
                _send_file(lane, file, posixpath.join(work, file.name), meter)
            finally:
                free.put(lane)

        longest_first = sorted(files, key=lambda file: -file.bytes)
        lanes = len(self._lanes)
        with closing(in_order(send, longest_first, lanes, ahead=lanes)) as ended:
            for _ in ended:
                pass

    def _move_up(self) -> None:
        remote = self._remote
        for work in self._works():
            for name in remote.names(work):
                remote.rename(posixpath.join(work, name), posixpath.join(self._folder, name))
            remote.remove_tree(work)

    def release(self) -> None:
        """It stays there; nothing tells any more what of it was ours."""
        self._remote.remove(self._moving)
        self._remote.remove(self._made)

    def abandon(self) -> None:
        """Remove what was sent, and the folder where it was made for this and nobody uses it."""
        remote = self._remote
        if remote.look(self._folder) is None:
            return
        for name in self._moved_up():
            remote.remove(posixpath.join(self._folder, name))
        remote.remove(self._moving)  # before what it is told by: else theirs were taken for ours
        remote.remove(self._names)
        for work in self._works():
            remote.remove_tree(work)
        if remote.look(self._made) is not None:
            remote.remove(self._made)
            remote.remove_if_empty(self._folder)

    def _moved_up(self) -> list[str]:
        remote = self._remote
        if remote.look(self._moving) is None:
            return []
        names = remote.read(self._moving, NAMES_BYTES_MAX).decode(errors="replace").split("\n")
        waiting = {name for work in self._works() for name in remote.names(work)}
        plain = [name for name in names if "/" not in name and name not in ("", ".", "..")]
        return [name for name in plain if name not in waiting]

    def _is_ours(self, name: str) -> bool:
        return name.startswith(self._prefix)

    def _works(self) -> list[str]:
        """At most one, but for a crash between two."""
        names = filter(self._is_ours, self._remote.names(self._folder))
        paths = [posixpath.join(self._folder, name) for name in names]
        return [path for path in paths if path not in (self._made, self._moving, self._names)]

    def _make_folders(self, work: str, folder: str, made: set[str]) -> None:
        """`folder` below `work`, with its parents; "" is the work folder itself."""
        if folder in made:
            return
        if folder:
            self._make_folders(work, posixpath.dirname(folder), made)
        path = posixpath.join(work, folder) if folder else work
        seen = self._remote.look(path)
        if seen is None:
            self._remote.make_folder(path)
        elif not seen.is_folder:  # a link, perhaps, which would lead elsewhere
            raise TargetRefused("somebody else has put something here", where=path, hint=LOOK)
        made.add(folder)


def _send_file(remote: Remote, file: LocalFile, path: str, meter: Meter) -> None:
    seen = remote.look(path)
    start = whole_until(0 if seen is None else seen.bytes, file.bytes)
    meter.kept(start)
    for count in remote.write(path, start, parts_of(file.path, start)):
        meter.sent(count)
    seen = remote.look(path)
    if seen is None or seen.bytes != file.bytes:
        raise TargetRefused("has not the length there that it has here", where=path)


def whole_until(there: int, wanted: int) -> int:
    """How much of a file that is there in part need not be sent again."""
    if there >= wanted:
        return wanted if there == wanted else 0
    return there - there % SYNC_BYTES


def check_room(remote: Remote, folder: str, needed: int) -> None:
    """Raises NoRoom; a server that does not tell is believed to have it."""
    free = remote.free_bytes(folder)
    if free is not None and free < needed + SPARE_BYTES:
        what = f"{needed:,} bytes are needed there, {free:,} are free"
        raise NoRoom(what, where=folder, hint="make room there, or name another folder")


def parts_of(path: Path, start: int) -> Iterator[bytes]:
    with disk_errors(str(path)), path.open("rb") as file:
        file.seek(start)
        while part := file.read(PART_BYTES):
            yield part
