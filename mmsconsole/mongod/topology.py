"""The replica set that a server belongs to, its members, and which of them to read from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pymongo import MongoClient, ReadPreference
from pymongo.errors import ServerSelectionTimeoutError
from pymongo.topology_description import TopologyDescription

from mmsconsole.errors import (
    CommandFailed,
    MissingPrivileges,
    NotAReplicaSet,
    SourceUnreachable,
    WrongReplicaSet,
)
from mmsconsole.mongod.source_errors import name_of, source_errors
from mmsconsole.optime import Optime

PRIMARY, SECONDARY = "PRIMARY", "SECONDARY"


@dataclass(frozen=True, slots=True)
class Member:
    host: str
    """host:port, as the set's configuration names it."""
    state: str
    """PRIMARY, SECONDARY, RECOVERING, STARTUP2, ARBITER, (not reachable/healthy), …"""
    optime: Optime | None
    """Its newest entry; None for an arbiter, and where it is not known."""
    hidden: bool = False
    delay_seconds: int = 0
    builds_indexes: bool = True
    arbiter: bool = False
    priority: float = 1.0
    healthy: bool = True

    @property
    def readable(self) -> bool:
        """Whether it may be copied from: it holds all data, and the newest that it has."""
        return (
            self.healthy
            and self.state in (PRIMARY, SECONDARY)
            and self.delay_seconds == 0
            and self.builds_indexes
            and not self.arbiter
        )


@dataclass(frozen=True, slots=True)
class ReplicaSet:
    name: str
    set_id: str
    """Of its first configuration, hexadecimal: two sets of one name differ in it."""
    server_version: str
    """Of the member that answered."""
    fcv: str
    members: tuple[Member, ...]
    primary: str | None
    """Its host; None during an election."""
    fcv_changes: bool = False
    """The featureCompatibilityVersion is on its way to another one."""


@dataclass(frozen=True, slots=True)
class Standalone:
    server_version: str
    fcv: str
    """Empty: the user may not ask for it."""


def inspect_standalone(client: "MongoClient[dict[str, Any]]") -> Standalone | None:
    """None where the server is none. Raises as source_errors does."""
    where = name_of(client)
    with source_errors(where):
        hello = _first_answer(client, where)
        if hello.get("msg") or hello.get("isreplicaset") or "setName" in hello:
            return None
        version = _ask(client, {"buildInfo": 1})["version"]
    return Standalone(str(version), _fcv(client, where))


def _fcv(client: "MongoClient[dict[str, Any]]", where: str) -> str:
    try:
        with source_errors(where):
            told = _ask(client, {"getParameter": 1, "featureCompatibilityVersion": 1})
    except (CommandFailed, MissingPrivileges):
        return ""
    return str(told["featureCompatibilityVersion"]["version"])


def inspect(client: "MongoClient[dict[str, Any]]") -> ReplicaSet:
    """What the set says of itself now. Asks only what backup and clusterMonitor allow.

    Raises NotAReplicaSet for a standalone and a mongos, and as source_errors does.
    """
    where = name_of(client)
    with source_errors(where):
        hello = _first_answer(client, where)
        where = str(hello.get("me", where))
        _check_is_member(hello, where)
        config = _ask(client, {"replSetGetConfig": 1})["config"]
        status = _ask(client, {"replSetGetStatus": 1})
        version = _ask(client, {"buildInfo": 1})["version"]
        parameter = _ask(client, {"getParameter": 1, "featureCompatibilityVersion": 1})
        fcv = parameter["featureCompatibilityVersion"]
    members = members_of(config, status)
    return ReplicaSet(
        name=str(config["_id"]),
        set_id=str(config.get("settings", {}).get("replicaSetId", "")),
        server_version=str(version),
        fcv=str(fcv["version"]),
        members=members,
        primary=next((member.host for member in members if member.state == PRIMARY), None),
        fcv_changes="targetVersion" in fcv,
    )


def _first_answer(client: "MongoClient[dict[str, Any]]", where: str) -> dict[str, Any]:
    """Of hello. Nobody answers may mean that nobody there is what the driver looks for."""
    try:
        return _ask(client, {"hello": 1})
    except ServerSelectionTimeoutError:
        _check_found(client.topology_description, where)
        raise


def _check_found(found: TopologyDescription, where: str) -> None:
    servers = found.server_descriptions().values()
    if any(server.server_type_name == "RSGhost" for server in servers):
        raise _not_initiated(where)
    if not servers and found.replica_set_name:
        what = f"no server there is a member of the replica set {found.replica_set_name!r}"
        hint = "correct replicaSet= in the connection string, or leave it out"
        raise WrongReplicaSet(what, where=where, hint=hint)


def _not_initiated(where: str) -> NotAReplicaSet:
    hint = "run rs.initiate() there first"
    return NotAReplicaSet("its replica set is not initiated", where=where, hint=hint)


def _ask(client: "MongoClient[dict[str, Any]]", command: dict[str, Any]) -> dict[str, Any]:
    return client.admin.command(command, read_preference=ReadPreference.PRIMARY_PREFERRED)


def _check_is_member(hello: Mapping[str, Any], where: str) -> None:
    if hello.get("msg") == "isdbgrid":
        what = "this is a mongos; sharded clusters can not be backed up yet"
        raise NotAReplicaSet(what, where=where, hint="name the members of a replica set")
    if hello.get("isreplicaset"):
        raise _not_initiated(where)
    if "setName" not in hello:
        raise NotAReplicaSet(
            "this is a standalone mongod: it has no oplog to follow",
            where=where,
            hint="it can only be monitored; to back it up, make it a replica set of one member "
            "(--replSet NAME, then rs.initiate())",
        )


def members_of(config: Mapping[str, Any], status: Mapping[str, Any]) -> tuple[Member, ...]:
    """The members of replSetGetConfig's configuration as replSetGetStatus sees them now."""
    seen = {member["_id"]: member for member in status["members"]}
    return tuple(_member(member, seen.get(member["_id"], {})) for member in config["members"])


def _member(config: Mapping[str, Any], status: Mapping[str, Any]) -> Member:
    newest = status.get("optime") or {}
    ts = newest.get("ts")
    return Member(
        host=str(config["host"]),
        state=str(status.get("stateStr", "UNKNOWN")),
        optime=Optime.of(ts, int(newest.get("t", -1))) if ts and ts.time else None,
        hidden=bool(config.get("hidden")),
        # slaveDelay is its name before 5.0.
        delay_seconds=int(config.get("secondaryDelaySecs") or config.get("slaveDelay") or 0),
        builds_indexes=bool(config.get("buildIndexes", True)),
        arbiter=bool(config.get("arbiterOnly")),
        priority=float(config.get("priority", 1)),
        healthy=status.get("health") == 1,
    )


def choose_member(replica_set: ReplicaSet, prefer: Literal["primary", "secondary"]) -> Member:
    """The member to read from: of the preferred kind if there is one, else of the other.

    Of several secondaries the freshest, then a hidden one (no application reads there). Raises
    SourceUnreachable if none is readable.
    """
    readable = [member for member in replica_set.members if member.readable]
    if not readable:
        states = ", ".join(f"{member.host} {member.state}" for member in replica_set.members)
        what = f"no member of {replica_set.name} can be read from ({states})"
        raise SourceUnreachable(what, hint="a delayed member is never read from")
    wanted = PRIMARY if prefer == "primary" else SECONDARY

    def rank(member: Member) -> tuple[object, ...]:
        newest = member.optime or Optime(0, 0)
        return (member.state != wanted, -newest.t, -newest.i, not member.hidden, member.host)

    return min(readable, key=rank)
