"""Servers that want a login: a standalone with users and TLS, and a set with a keyFile."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from mmsconsole.demo.replica_set import LocalReplicaSet, free_ports
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.process import HEAD_FLAGS, MongodOptions, MongodProcess
from mmsconsole.secret import Secret
from tests.support.certificates import Certificates

ODD_PASSWORD = "p,=a/@: ß%"
ODD_USER = "o=d,d"


@dataclass(frozen=True)
class Secured:
    address: Address
    certificates: Certificates
    process: MongodProcess

    def uri(self, user: str = "", password: str = "", options: str = "", tls: str = "") -> str:
        """`tls` replaces the options that make the server's certificate trusted."""
        login = f"{quote_plus(user)}:{quote_plus(password)}@" if user else ""
        tls = tls or f"tls=true&tlsCAFile={self.certificates.authority}"
        return f"mongodb://{login}{self.address}/?{tls}{options}"


@pytest.fixture(scope="session")
def secured(session_folder, mongod_binary, clock) -> Iterator[Secured]:
    """A standalone with users that takes nothing but TLS."""
    folder: Path = session_folder / "secured"
    certificates = Certificates.make(folder / "tls")
    options = MongodOptions(
        binary=mongod_binary.path,
        dbpath=folder / "data",
        listen=Address.loopback(free_ports(1)[0]),
        log=folder / "log",
        extra=(
            *HEAD_FLAGS, "--auth", "--tlsMode", "preferTLS",
            "--tlsCertificateKeyFile", str(certificates.server),
            "--tlsCAFile", str(certificates.authority), "--tlsAllowConnectionsWithoutCertificates",
        ),
    )  # fmt: skip
    process = MongodProcess.start(options, clock)
    try:
        create_users(process)
        yield Secured(options.listen, certificates, process)
    finally:
        process.kill()


def create_users(process: MongodProcess) -> None:
    with process.client() as client:
        client.admin.command({"createUser": "root", "pwd": "root", "roles": ["root"]})
    with process.client(username="root", password="root") as client:
        for user, password, mechanism in (
            ("new", "new", "SCRAM-SHA-256"),
            ("old", "old", "SCRAM-SHA-1"),
            (ODD_USER, ODD_PASSWORD, "SCRAM-SHA-256"),
            (ODD_USER + "1", ODD_PASSWORD, "SCRAM-SHA-1"),
            ("reader", "reader", "SCRAM-SHA-256"),
        ):
            roles = [{"role": "read", "db": "app"}]
            made = {"createUser": user, "pwd": password, "roles": roles}
            client.admin.command({**made, "mechanisms": [mechanism]})
        client["$external"].command({"createUser": "CN=backup,O=clients", "roles": []})
        # Our own start asks in plain; nobody else may from here on.
        client.admin.command({"setParameter": 1, "tlsMode": "requireTLS"})


@pytest.fixture(scope="session")
def guarded_set(session_folder, mongod_binary, clock) -> Iterator[LocalReplicaSet]:
    """One member with a keyFile and the user root."""
    folder = session_folder / "guarded"
    password = Secret("g@rded/pass")
    started = LocalReplicaSet(mongod_binary.path, folder, clock, 1, password=password)
    yield started.start()
    started.kill()
