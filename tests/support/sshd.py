"""A real OpenSSH server on loopback, run by the tests themselves, with keys of its own."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from getpass import getuser
from pathlib import Path

import pytest

from mmsconsole.demo.replica_set import free_ports
from mmsconsole.restore.ssh.connecting import Login, connected, ssh_errors
from mmsconsole.restore.ssh.remote import Remote

START_SECONDS = 60
CONFIGURATION = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PidFile none
Subsystem sftp internal-sftp
"""


@dataclass(frozen=True)
class SshServer:
    folder: Path
    port: int

    @property
    def login(self) -> Login:
        known = str(self.folder / "known_hosts")
        return Login("127.0.0.1", self.port, getuser(), str(self.folder / "user"), known)

    @property
    def stranger(self) -> Login:
        """Somebody whose key the server does not know."""
        make_key(self.folder / "stranger")
        return replace(self.login, identity=str(self.folder / "stranger"))


def program() -> str:
    """Its package is openssh-server; .ci/run installs it."""
    found = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert found, "these tests need sshd: apt-get install --no-install-recommends openssh-server"
    return found


def make_key(path: Path) -> None:
    if not path.exists():
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)]
        subprocess.run(command, check=True, timeout=START_SECONDS)


def write_known_hosts(folder: Path, port: int, key: Path) -> None:
    kind, public = key.with_suffix(".pub").read_text().split()[:2]
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {public}\n")


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with running_server(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@contextmanager
def session(login: Login) -> Iterator[Remote]:
    """An attempt to reach a host. Raises as connected() does."""
    with connected(login) as client, ssh_errors(login.host):
        yield Remote(client, login.host)


@contextmanager
def running_server(folder: Path) -> Iterator[SshServer]:
    port = free_ports(1)[0]
    for name in ("host", "user"):
        make_key(folder / name)
    write_known_hosts(folder, port, folder / "host")
    (folder / "config").write_text(CONFIGURATION.format(port=port, folder=folder))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it locks itself in
    server_itself = [program(), "-D", "-e", "-f", str(folder / "config")]
    command = ["setpriv", "--pdeathsig", "KILL", *server_itself]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as server:
        try:
            _wait_until_it_answers(port, server, folder / "log")
            yield SshServer(folder, port)
        finally:
            server.kill()


def _wait_until_it_answers(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            with closing(socket.create_connection(("127.0.0.1", port), 5)) as connection:
                if connection.recv(4) == b"SSH-":
                    return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())
