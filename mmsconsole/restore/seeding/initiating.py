"""A replica set begun by us, on a member that runs on the restored files."""

from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from mmsconsole.clock import Clock
from mmsconsole.errors import Refused, TargetRefused, TargetUnreachable
from mmsconsole.metadata.codec import Document
from mmsconsole.mongod.source_errors import source_errors
from mmsconsole.mongod.source_uri import SourceUri
from mmsconsole.restore.seeding.plan import Seed, configuration
from mmsconsole.task import Task

PHASE = "starting the replica set (members)"
ANSWER_SECONDS = 20
INITIATE_SECONDS = 120
PRIMARY_SECONDS = 120.0
POLL_SECONDS = 0.5
NOT_YET_INITIALIZED, NO_REPLICATION = 94, 76
OWN = {"admin", "config", "local"}


class Initiating:
    def __init__(self, uri: SourceUri, seed: Seed, clock: Clock) -> None:
        """`uri` leads to the first member; a user with the role clusterManager where one is asked
        for."""
        self._where = str(seed.members[0])
        self._seed = seed
        self._clock = clock
        self._client: MongoClient[Document] = uri.direct_client(
            seed.members[0], serverSelectionTimeoutMS=ANSWER_SECONDS * 1000,
            socketTimeoutMS=INITIATE_SECONDS * 1000,
        )  # fmt: skip

    def run(self, task: Task) -> None:
        """Until it has a primary; members that copy the data go on by themselves.

        Raises Refused where it is part of a set already, TargetRefused, TargetUnreachable,
        SourceError.
        """
        with self._client, source_errors(self._where):
            self._check_is_new()
            task.report(PHASE, 0, len(self._seed.members))
            self._initiate()
            self._wait_for_primary(task)
            self._check_has_data()

    def _check_has_data(self) -> None:
        """Before it is part of a set it can not be asked (NotPrimaryOrSecondary)."""
        if not set(self._client.list_database_names()) - OWN:
            what = "the replica set is begun, but its first member has no data"
            raise TargetRefused(what, where=self._where, hint="is it the one with the files?")

    def _check_is_new(self) -> None:
        try:
            self._client.admin.command("replSetGetStatus")
        except OperationFailure as error:
            if error.code == NOT_YET_INITIALIZED:
                return
            if error.code == NO_REPLICATION:
                hint = f"start it with --replSet {self._seed.set_name}"
                raise TargetRefused("it runs alone", where=self._where, hint=hint) from error
            raise
        raise Refused("it is part of a replica set already", where=self._where)

    def _initiate(self) -> None:
        try:
            self._client.admin.command("replSetInitiate", configuration(self._seed))
        except OperationFailure as error:
            said = (error.details or {}).get("errmsg", "") or str(error)
            what = f"the replica set was not begun: {said}"
            raise TargetRefused(what, where=self._where) from error

    def _wait_for_primary(self, task: Task) -> None:
        deadline = self._clock.monotonic() + PRIMARY_SECONDS
        while not self._hello().get("isWritablePrimary"):
            task.check()
            if self._clock.monotonic() > deadline:
                what = f"has not become primary within {PRIMARY_SECONDS:g} s"
                raise TargetUnreachable(what, where=self._where, hint="see rs.status() there")
            self._clock.wait(task.cancellation.event, POLL_SECONDS)
        task.report(PHASE, len(self._seed.members), len(self._seed.members))

    def _hello(self) -> dict[str, Any]:
        return dict(self._client.admin.command("hello"))
