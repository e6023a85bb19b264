"""Files pushed to a real OpenSSH server: whole or not at all, whatever breaks on the way."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mmsconsole.errors import (
    AlreadyExists,
    Cancelled,
    MmsError,
    NoRoom,
    NotFound,
    TargetNotEmpty,
    TargetRefused,
    TargetUnreachable,
)
from mmsconsole.restore.ssh import pushing, remote
from mmsconsole.restore.ssh.connecting import Login
from mmsconsole.restore.ssh.pushed_file import PushedFile
from mmsconsole.restore.ssh.pushing import Push, files_in
from mmsconsole.restore.ssh.remote import Remote
from tests.support.sshd import SshServer, session

FILES = {
    "WiredTiger": b"the engine",
    "empty": b"",
    "collection/7--42.wt": bytes(range(256)) * 1200,
    "a/b/c/deep": b"deep",
    "with space ü": b"named",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "source"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Not there yet."""
    return tmp_path / "there" / "restored"


@pytest.fixture(autouse=True)
def parent_of_the_target(target: Path) -> None:
    target.parent.mkdir()


class Counting:
    """A meter that ends the attempt after so many bytes."""

    def __init__(self, most: int = 1 << 60) -> None:
        self.went, self.were_there = 0, 0
        self._most = most

    def sent(self, count: int) -> None:
        self.went += count
        if self.went >= self._most:
            raise Cancelled

    def kept(self, count: int) -> None:
        self.were_there += count


def push(
    login: Login, source: Path, target: Path, meter: Counting | None = None, released: bool = True
) -> Counting:
    meter = meter or Counting()
    with session(login) as there:
        one = Push([there], str(target), "r1")
        one.check(sum(map(len, FILES.values())))
        one.send(files_in(source), meter)
        if released:
            one.release()
    return meter


def abandon(login: Login, target: Path) -> None:
    with session(login) as there:
        Push([there], str(target), "r1").abandon()


def held(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_the_files_are_there_as_they_are_here_and_nothing_else_is(
    ssh_server: SshServer, source: Path, target: Path
) -> None:
    meter = push(ssh_server.login, source, target)
    assert held(target) == FILES
    assert meter.went == sum(map(len, FILES.values()))
    assert not [name for name in target.iterdir() if name.name.startswith(".mms")]


def test_nobody_else_may_read_what_arrives(
    ssh_server: SshServer, source: Path, target: Path
) -> None:
    push(ssh_server.login, source, target)
    modes = {path.stat().st_mode & 0o777 for path in target.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert (target / "collection").stat().st_mode & 0o777 == 0o700


def test_an_empty_folder_that_is_there_is_filled(
    ssh_server: SshServer, source: Path, target: Path
) -> None:
    target.mkdir()
    push(ssh_server.login, source, target)
    assert held(target) == FILES


def test_a_folder_that_holds_something_is_refused_and_left_as_it_is(
    ssh_server: SshServer, source: Path, target: Path
) -> None:
    target.mkdir()
    (target / "theirs").write_text("x")
    with pytest.raises(TargetNotEmpty):
        push(ssh_server.login, source, target)
    assert held(target) == {"theirs": b"x"}


def test_a_folder_whose_parent_is_not_there_is_refused(
    ssh_server: SshServer, source: Path, target: Path
) -> None:
    with pytest.raises(NotFound, match="no folder"):
        push(ssh_server.login, source, target / "and" / "more")


def test_a_disk_without_room_is_refused_before_anything_is_sent(
    ssh_server: SshServer, target: Path
) -> None:
    with session(ssh_server.login) as there, pytest.raises(NoRoom):
        Push([there], str(target), "r1").check(1 << 60)
    assert not target.exists()


def test_an_attempt_goes_on_where_the_one_before_was_broken_off(
    ssh_server: SshServer, source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "PART_BYTES", 4096)
    for module in (pushing, remote):
        monkeypatch.setattr(module, "SYNC_BYTES", 8192)
    whole = sum(map(len, FILES.values()))
    with pytest.raises(Cancelled):
        push(ssh_server.login, source, target, Counting(whole // 2))
    meter = push(ssh_server.login, source, target)
    assert held(target) == FILES
    assert meter.were_there > whole // 4
    assert meter.went + meter.were_there == whole


def test_what_was_sent_of_other_files_is_not_mixed_with_these(
    ssh_server: SshServer, source: Path, target: Path, tmp_path: Path
) -> None:
    with pytest.raises(Cancelled):
        push(ssh_server.login, source, target, Counting(100_000))
    again = tmp_path / "made anew"
    shutil.copytree(source, again)
    (again / "WiredTiger").write_bytes(b"THE ENGINE")
    assert push(ssh_server.login, again, target).were_there == 0
    assert held(target) == {**FILES, "WiredTiger": b"THE ENGINE"}


@pytest.mark.parametrize("most", [1, 100_000, 1 << 60])
def test_what_is_given_up_leaves_nothing_there(
    ssh_server: SshServer, source: Path, target: Path, most: int
) -> None:
    with pytest.raises(MmsError):
        push(ssh_server.login, source, target, Refusing(most))
    abandon(ssh_server.login, target)
    assert not target.exists()
    assert target.parent.exists()


class Refusing(Counting):
    """Ends the attempt at the latest when everything went."""

    def sent(self, count: int) -> None:
        super().sent(count)
        if self.went == sum(map(len, FILES.values())):
            raise Cancelled


def test_a_break_while_files_are_moved_up_is_gone_on_with(
    ssh_server: SshServer, source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_after_two_names(monkeypatch)
    with pytest.raises(TargetUnreachable):
        push(ssh_server.login, source, target)
    monkeypatch.undo()
    push(ssh_server.login, source, target)
    assert held(target) == FILES


def test_a_break_while_files_are_moved_up_can_be_given_up(
    ssh_server: SshServer, source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.mkdir()  # so it stays
    break_after_two_names(monkeypatch)
    with pytest.raises(TargetUnreachable):
        push(ssh_server.login, source, target)
    monkeypatch.undo()
    assert len(list(target.iterdir())) > 2
    abandon(ssh_server.login, target)
    assert list(target.iterdir()) == []


def break_after_two_names(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = []
    real = Remote.rename

    def rename(self: Remote, before: str, after: str) -> None:
        if len(moved) == 2:
            raise TargetUnreachable("broken off")
        moved.append(after)
        real(self, before, after)

    monkeypatch.setattr(Remote, "rename", rename)


def test_what_somebody_puts_there_meanwhile_is_not_written_over(
    ssh_server: SshServer, source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Meanwhile(Counting):
        def sent(self, count: int) -> None:
            (target / "WiredTiger").write_text("theirs")

    with pytest.raises(TargetRefused, match="somebody else"):
        push(ssh_server.login, source, target, Meanwhile())
    assert (target / "WiredTiger").read_text() == "theirs"


def test_what_has_arrived_is_not_sent_again_and_can_still_be_given_up(
    ssh_server: SshServer, source: Path, target: Path
) -> None:
    push(ssh_server.login, source, target, released=False)
    assert push(ssh_server.login, source, target, released=False).went == 0
    abandon(ssh_server.login, target)
    assert not target.exists()


# -- one file ------------------------------------------------------------------------------


DATA = bytes(range(256)) * 400


def data_from(start: int) -> Iterator[bytes]:
    for begin in range(start, len(DATA), 4096):
        yield DATA[begin : begin + 4096]


def push_file(
    login: Login, target: Path, meter: Counting | None = None, *, size: int | None = len(DATA)
) -> Counting:
    meter = meter or Counting()
    with session(login) as there:
        one = PushedFile(there, str(target), "r1")
        one.check(len(DATA))
        assert one.send(data_from, "stamp", size, meter) == len(DATA)
    return meter


def end_of_file(login: Login, target: Path, how: str) -> None:
    with session(login) as there:
        getattr(PushedFile(there, str(target), "r1"), how)()


def test_one_file_is_there_whole_and_nothing_else_is(ssh_server: SshServer, target: Path) -> None:
    push_file(ssh_server.login, target)
    end_of_file(ssh_server.login, target, "release")
    assert target.read_bytes() == DATA
    assert list(target.parent.iterdir()) == [target]


def test_one_file_is_gone_on_with(
    ssh_server: SshServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (pushing, remote):
        monkeypatch.setattr(module, "SYNC_BYTES", 8192)
    with pytest.raises(Cancelled):
        push_file(ssh_server.login, target, Counting(60_000))
    assert push_file(ssh_server.login, target).were_there >= 40_000
    assert target.read_bytes() == DATA


def test_bytes_that_are_never_the_same_twice_are_sent_anew(
    ssh_server: SshServer, target: Path
) -> None:
    with pytest.raises(Cancelled):
        push_file(ssh_server.login, target, Counting(60_000), size=None)
    assert push_file(ssh_server.login, target, size=None).were_there == 0
    assert target.read_bytes() == DATA


@pytest.mark.parametrize("most", [60_000, 1 << 60])
def test_one_file_that_is_given_up_leaves_nothing_there(
    ssh_server: SshServer, target: Path, most: int
) -> None:
    with suppress(Cancelled):
        push_file(ssh_server.login, target, Counting(most))
    end_of_file(ssh_server.login, target, "abandon")
    assert list(target.parent.iterdir()) == []


def test_a_file_that_is_there_already_is_refused_and_stays(
    ssh_server: SshServer, target: Path
) -> None:
    target.write_text("theirs")
    with pytest.raises(AlreadyExists):
        push_file(ssh_server.login, target)
    end_of_file(ssh_server.login, target, "abandon")
    assert target.read_text() == "theirs"


# -- who else may write there ----------------------------------------------------------------------


class Laying(Counting):
    """While the first bytes go, somebody lays a link where we will write later."""

    def __init__(self, link: Path, to: Path) -> None:
        super().__init__()
        self._link, self._to = link, to

    def sent(self, count: int) -> None:
        if not self._link.is_symlink():
            self._link.symlink_to(self._to)
        super().sent(count)


@pytest.mark.parametrize("mark", ["names", "whole"])
def test_a_link_that_somebody_lays_is_not_followed(
    ssh_server: SshServer, source: Path, target: Path, tmp_path: Path, mark: str
) -> None:
    precious = tmp_path / "authorized_keys"
    precious.write_text("theirs")
    if mark == "whole":
        link = target.parent / ".mmsconsole-restore-r1-whole"
        push_file(ssh_server.login, target, Laying(link, precious))
    else:
        link = target / ".mmsconsole-restore-r1-names"
        push(ssh_server.login, source, target, Laying(link, precious))
    assert precious.read_text() == "theirs"


def test_a_link_in_the_place_of_the_work_folder_is_refused(
    ssh_server: SshServer, source: Path, target: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    target.mkdir()
    work = target / f".mmsconsole-restore-r1-{pushing.stamp_of(files_in(source))}"
    work.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TargetRefused, match="somebody else"):
        push(ssh_server.login, source, target)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_break_while_the_names_are_written_down_leaves_nothing_when_it_is_given_up(
    ssh_server: SshServer, source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Remote.write

    def write(self: Remote, path: str, start: int, parts: Iterable[bytes]) -> Iterator[int]:
        if "mmsconsole" in Path(path).name:
            yield from real(self, path, start, [b"Wired"])
            raise TargetUnreachable("broken off")
        yield from real(self, path, start, parts)

    monkeypatch.setattr(Remote, "write", write)
    with pytest.raises(TargetUnreachable):
        push(ssh_server.login, source, target)
    monkeypatch.undo()
    push(ssh_server.login, source, target, released=False)
    assert held(target).items() >= FILES.items()
    abandon(ssh_server.login, target)
    assert not target.exists()


def test_of_very_many_names_the_last_one_is_taken_away_too(
    ssh_server: SshServer, target: Path
) -> None:
    """70 KB of names: a folder of some 1,500 collections."""
    names = [f"{number:03}{'x' * 240}" for number in range(280)]
    target.mkdir()
    (target / ".mmsconsole-restore-r1-moving").write_text("\n".join(names))
    (target / names[-1]).touch()
    abandon(ssh_server.login, target)
    assert list(target.iterdir()) == []


def test_somebodys_file_stays_when_giving_up_is_begun_again(
    ssh_server: SshServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with suppress(TargetRefused):
        push_file(ssh_server.login, target, Laying(target, target.parent / "theirs"))
    assert target.is_symlink()
    for most in (1, 2):
        with monkeypatch.context() as patched, suppress(TargetUnreachable):
            break_after_removing(patched, most)
            end_of_file(ssh_server.login, target, "abandon")
    end_of_file(ssh_server.login, target, "abandon")
    assert list(target.parent.iterdir()) == [target]


def break_after_removing(patched: pytest.MonkeyPatch, most: int) -> None:
    real, removed = Remote.remove_file, []

    def remove_file(self: Remote, path: str) -> None:
        real(self, path)
        removed.append(path)
        if len(removed) >= most:
            raise TargetUnreachable("broken off")

    patched.setattr(Remote, "remove_file", remove_file)


def test_one_file_that_was_taken_away_before_it_was_done_is_sent_again(
    ssh_server: SshServer, target: Path
) -> None:
    push_file(ssh_server.login, target)
    target.unlink()
    push_file(ssh_server.login, target)
    assert target.read_bytes() == DATA
