"""A replica set that wants a login, and a user who may just do what a backup needs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient

from mmsconsole.agent.reader import Origin, Prefer, Reader
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.mongod.source_uri import SourceUri, parse_uri
from mmsconsole.secret import Secret
from tests.support.steady import change_settings

Client = MongoClient[dict[str, Any]]
PASSWORD = Secret("nobody-may-see-this")
FROZEN_SECONDS = 600


class GuardedSet:
    """A replica set, and the SourceUri of its user with the roles backup and clusterMonitor."""

    def __init__(self, replica_set: LocalReplicaSet) -> None:
        self.replica_set = replica_set
        hosts = ",".join(map(str, replica_set.addresses))
        self.hosts = [str(address) for address in replica_set.addresses]
        self.uri = f"mongodb://copier:{PASSWORD.reveal()}@{hosts}/?replicaSet={replica_set.name}"

    @property
    def source(self) -> SourceUri:
        return parse_uri(Secret(self.uri))

    def as_user(self, user: str) -> SourceUri:
        return parse_uri(Secret(self.uri.replace("copier:", f"{user}:")))

    def origin(self, prefer: Prefer = "primary") -> Origin:
        return Origin(self.source, prefer)

    def reader(self, member: int = 0) -> Reader:
        return Reader.open(self.source, self.hosts[member], 30)

    def create_user(self, name: str, roles: list[Any]) -> None:
        with self.replica_set.client() as client:
            client.admin.command("createUser", name, pwd=PASSWORD.reveal(), roles=roles)

    def forbid_chaining(self) -> None:
        """A secondary that is held back would else hold back another that syncs from it."""
        with self.replica_set.client() as client:
            change_settings(client, chainingAllowed=False)

    @contextmanager
    def held_back(self, members: Sequence[int]) -> Iterator[None]:
        """These members fetch no oplog meanwhile: they lag. None of them is elected where the
        primary stands still for two seconds: its last writes would be rolled back.
        """
        with self.kept_secondary(members) as clients:
            _fail_point(clients, "alwaysOn")
            try:
                yield
            finally:
                _fail_point(clients, "off")

    @contextmanager
    def kept_secondary(self, members: Sequence[int]) -> Iterator[list[Client]]:
        """These secondaries stand for no election meanwhile; gives a client of each."""
        clients = [self.replica_set.member_client(index) for index in members]
        try:
            _freeze(clients, FROZEN_SECONDS)
            yield clients
        finally:
            _freeze(clients, 0)
            for client in clients:
                client.close()


def _freeze(clients: Sequence[Client], seconds: int) -> None:
    for client in clients:
        client.admin.command("replSetFreeze", seconds)


def _fail_point(clients: Sequence[Client], mode: str) -> None:
    for client in clients:
        client.admin.command({"configureFailPoint": "stopReplProducer", "mode": mode})
