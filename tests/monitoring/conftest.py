"""A standalone that is monitored: with users, TLS and the host's hardware."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import free_ports
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.mongod.process import MongodOptions, MongodProcess
from mmsconsole.mongod.source_uri import SourceUri, parse_uri
from mmsconsole.secret import Secret
from tests.support.certificates import Certificates

ROOT = {"username": "root", "password": "root"}


@dataclass(frozen=True)
class Alone:
    address: Address
    certificates: Certificates
    process: MongodProcess

    def source(self, user: str = "") -> SourceUri:
        login = f"{user}:{user}@" if user else ""
        tls = f"tls=true&tlsCAFile={self.certificates.authority}"
        return parse_uri(Secret(f"mongodb://{login}{self.address}/?{tls}"))

    def root(self) -> MongoClient[dict[str, Any]]:
        return self.process.client(**ROOT)


@pytest.fixture(scope="session")
def alone(session_folder: Path, mongod_binary: MongodBinary, clock: SystemClock) -> Iterator[Alone]:
    folder = session_folder / "monitored"
    certificates = Certificates.make(folder / "tls")
    options = MongodOptions(
        binary=mongod_binary.path,
        dbpath=folder / "data",
        listen=Address.loopback(free_ports(1)[0]),
        log=folder / "log",
        extra=(
            "--auth", "--tlsMode", "preferTLS",
            "--tlsCertificateKeyFile", str(certificates.server),
            "--tlsCAFile", str(certificates.authority), "--tlsAllowConnectionsWithoutCertificates",
        ),
    )  # fmt: skip
    process = MongodProcess.start(options, clock)
    try:
        with process.client() as client:
            client.admin.command({"createUser": "root", "pwd": "root", "roles": ["root"]})
        with process.client(**ROOT) as client:
            for user, roles in (("monitor", ["clusterMonitor"]), ("nobody", [])):
                client.admin.command({"createUser": user, "pwd": user, "roles": roles})
            client.shop.orders.insert_many([{"n": n} for n in range(10)])
        yield Alone(options.listen, certificates, process)
    finally:
        process.kill()
