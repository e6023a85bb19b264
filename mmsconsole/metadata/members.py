"""What is known now of each member of a deployment: a record that each poll writes anew."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from pymongo.database import Database
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from mmsconsole.metadata.codec import Document, from_document
from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.optime import Optime

OPERATIONS_MAX = 50
HOT_MAX = 20
WRITE_TIMEOUT_MS = 20_000


@dataclass(frozen=True, slots=True)
class Operation:
    """One that runs now. Its texts are harmless for a terminal and hold no whole documents."""

    id: str
    op: str
    namespace: str
    seconds: float
    client: str
    app: str
    plan: str
    waiting: bool
    """For a lock."""
    text: str
    """The command, shortened."""


@dataclass(frozen=True, slots=True)
class HotCollection:
    namespace: str
    reads_ms: float
    """Milliseconds per second that were spent reading it."""
    writes_ms: float
    reads: float
    """Per second."""
    writes: float


@dataclass(frozen=True, slots=True)
class MemberState:
    id: str
    """DEPLOYMENT_ID/host:port"""
    deployment: str
    host: str
    """host:port, as the set's configuration names it."""
    set_name: str = ""
    state: str = ""
    """PRIMARY, SECONDARY, … or STANDALONE; empty: never seen."""
    asked_at: datetime | None = None
    seen_at: datetime | None = None
    """When it last answered."""
    error: str = ""
    """Why it does not answer; empty when it does."""
    since: datetime | None = None
    """When the error began."""
    version: str = ""
    fcv: str = ""
    storage_engine: str = ""
    started_at: datetime | None = None
    optime: Optime | None = None
    lag_seconds: float | None = None
    sync_source: str = ""
    primary: str = ""
    """host:port of the set's primary, as this member sees it; empty: it sees none."""
    oplog_first: Optime | None = None
    oplog_last: Optime | None = None
    hidden: bool = False
    arbiter: bool = False
    locked: bool = False
    """By fsyncLock."""
    delay_seconds: int = 0
    priority: float = 1.0
    votes: int = 1
    healthy: bool = True
    """It answers, and the primary reaches it, as far as that is known."""
    elected_at: datetime | None = None
    """As primary; None while it is not."""
    won: tuple[datetime, ...] = ()
    """Its last two elections that we saw, newest first; also when it is not primary any more."""
    term: int | None = None
    host_info: dict[str, str] = field(default_factory=dict)
    """Of the machine and of how mongod was started, in words."""
    certificate_ends: datetime | None = None
    certificate_names: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """What could not be asked, and why."""
    values: dict[str, float] = field(default_factory=dict)
    """Of its newest sample."""
    operations: tuple[Operation, ...] = ()
    """The longest first, OPERATIONS_MAX at most."""
    hot: tuple[HotCollection, ...] = ()
    """The busiest first, HOT_MAX at most."""


def member_id(deployment: str, host: str) -> str:
    return f"{deployment}/{host}"


class Members(Records[MemberState]):
    """Not majority-committed: the next poll writes it anew."""

    name = "members"
    record = MemberState
    noun = "member"
    listed_by = "member list NAME"
    indexes: ClassVar[Indexes] = [([("deployment", 1), ("host", 1)], {})]

    def __init__(self, database: Database[Document]) -> None:
        super().__init__(database)
        self.collection = self.collection.with_options(
            write_concern=WriteConcern(1, wtimeout=WRITE_TIMEOUT_MS),
            read_concern=ReadConcern("local"),
        )

    def of(self, deployment: str) -> Iterator[MemberState]:
        """By host."""
        return self.all({"deployment": deployment}, sort=[("host", 1)])

    def brief(self, deployments: Collection[str]) -> Iterator[MemberState]:
        """Of many deployments, without what they do just now."""
        query = {"deployment": {"$in": sorted(deployments)}}
        without = {"operations": 0, "hot": 0, "host_info": 0}
        with metadata_errors():
            for document in self.collection.find(query, without):
                yield from_document(document, self.record)

    def report(self, states: Sequence[MemberState]) -> None:
        self.put_all(states)

    @metadata_errors()
    def keep_only(self, deployment: str, hosts: Collection[str]) -> None:
        """Forget those that have left."""
        gone = {"deployment": deployment, "host": {"$nin": sorted(hosts)}}
        self.collection.delete_many(gone)

    @metadata_errors()
    def keep_deployments(self, deployments: Collection[str]) -> None:
        """Forget the members of all others."""
        self.collection.delete_many({"deployment": {"$nin": sorted(deployments)}})

    @metadata_errors()
    def drop(self, deployment: str) -> None:
        self.collection.delete_many({"deployment": deployment})
