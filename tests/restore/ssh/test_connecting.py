"""Who is spoken to: hosts that are known, by keys that they take."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mmsconsole.errors import (
    TargetRefused,
    TargetUnreachable,
    UsageError,
)
from mmsconsole.secret import Secret
from tests.support.sshd import SshServer, make_key, session, write_known_hosts

NOBODYS = 1
"""A port that no server of a test can get."""


def test_a_host_that_is_not_known_is_not_spoken_to(ssh_server: SshServer, tmp_path: Path) -> None:
    empty = tmp_path / "none"
    empty.write_text("")
    with (
        pytest.raises(TargetRefused, match="SHA256:") as refused,
        session(replace(ssh_server.login, known_hosts=str(empty))),
    ):
        pass
    assert "known_hosts" in refused.value.hint


def test_a_host_whose_key_has_changed_is_not_spoken_to(
    ssh_server: SshServer, tmp_path: Path
) -> None:
    make_key(tmp_path / "other")
    write_known_hosts(tmp_path, ssh_server.port, tmp_path / "other")
    changed = replace(ssh_server.login, known_hosts=str(tmp_path / "known_hosts"))
    with pytest.raises(TargetRefused, match="instead of"), session(changed):
        pass


def test_a_key_that_the_host_does_not_take_is_told(ssh_server: SshServer) -> None:
    with pytest.raises(TargetRefused, match="none of our keys"), session(ssh_server.stranger):
        pass


def test_a_key_file_that_is_not_there_is_told(ssh_server: SshServer) -> None:
    login = replace(ssh_server.login, identity="/nowhere/key")
    with pytest.raises(UsageError, match="no such key file"), session(login):
        pass


def test_a_key_with_a_passphrase_opens_by_it_and_by_no_other(
    ssh_server: SshServer, tmp_path: Path
) -> None:
    key = tmp_path / "locked"
    shutil.copy(ssh_server.login.identity, key)
    subprocess.run(
        ["ssh-keygen", "-q", "-p", "-f", key, "-P", "", "-N", "hunter2"], check=True, timeout=60
    )
    login = replace(ssh_server.login, identity=str(key))
    with session(replace(login, passphrase=Secret("hunter2"))) as there:
        assert there.look("/") is not None
    with pytest.raises(TargetRefused, match="has a passphrase"), session(login):
        pass
    wrong = replace(login, passphrase=Secret("guessed"))
    with pytest.raises(TargetRefused, match="is another one") as refused, session(wrong):
        pass
    assert "guessed" not in f"{refused.value} {refused.value.hint} {wrong}"


def test_a_file_that_is_no_key_is_told(ssh_server: SshServer, tmp_path: Path) -> None:
    (tmp_path / "no key").write_text("hello")
    login = replace(ssh_server.login, identity=str(tmp_path / "no key"))
    with pytest.raises(TargetRefused, match="no private key"), session(login):
        pass


def test_a_host_that_does_not_answer_is_told(ssh_server: SshServer) -> None:
    with (
        pytest.raises(TargetUnreachable),
        session(replace(ssh_server.login, port=NOBODYS)),
    ):
        pass
