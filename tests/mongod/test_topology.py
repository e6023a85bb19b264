import pytest
from bson.timestamp import Timestamp

from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.errors import NotAReplicaSet, SourceUnreachable
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.mongod.topology import Member, ReplicaSet, choose_member, inspect, members_of
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret
from tests.support.backups import wait_until


def member(host: str, state: str, seconds: int = 100, **more: object) -> Member:
    return Member(host, state, Optime(seconds, 1), **more)


def set_of(*members: Member) -> ReplicaSet:
    primary = next((each.host for each in members if each.state == "PRIMARY"), None)
    return ReplicaSet("rs0", "1" * 24, "6.0.5", "6.0", members, primary)


P = member("p", "PRIMARY", 200)
S1, S2 = member("s1", "SECONDARY", 199), member("s2", "SECONDARY", 150)
HIDDEN = member("h", "SECONDARY", 199, hidden=True, priority=0.0)
DELAYED = member("d", "SECONDARY", 199, hidden=True, delay_seconds=3600)
NO_INDEXES = member("n", "SECONDARY", 199, builds_indexes=False)
ARBITER = member("a", "ARBITER", arbiter=True)
DOWN = member("x", "SECONDARY", healthy=False)
RECOVERING = member("r", "RECOVERING")
UNUSABLE = (DELAYED, NO_INDEXES, ARBITER, DOWN, RECOVERING, member("y", "STARTUP2"))


@pytest.mark.parametrize(
    ("members", "prefer", "chosen"),
    [
        ((P, S1, S2), "primary", "p"),
        ((P, S1, S2), "secondary", "s1"),
        ((S2, S1, P), "secondary", "s1"),
        ((P,), "secondary", "p"),
        ((P, *UNUSABLE), "secondary", "p"),
        ((P, S2, *UNUSABLE), "secondary", "s2"),
        ((S2, S1), "primary", "s1"),
        ((P, S1, HIDDEN), "secondary", "h"),
        ((P, Member("new", "SECONDARY", None), S2), "secondary", "s2"),
        ((P, member("b", "SECONDARY"), member("a", "SECONDARY")), "secondary", "a"),
    ],
)
def test_which_member_is_read_from(members, prefer, chosen):
    assert choose_member(set_of(*members), prefer).host == chosen


@pytest.mark.parametrize("prefer", ["primary", "secondary"])
def test_without_a_readable_member_the_refusal_names_all_states(prefer):
    with pytest.raises(SourceUnreachable) as caught:
        choose_member(set_of(*UNUSABLE), prefer)

    assert "r RECOVERING" in caught.value.what


CONFIG = {
    "members": [
        {"_id": 0, "host": "a:1", "priority": 1, "hidden": False, "buildIndexes": True},
        {"_id": 4, "host": "b:2", "priority": 0, "hidden": True, "secondaryDelaySecs": 60},
        {"_id": 5, "host": "c:3", "slaveDelay": 30, "buildIndexes": False},
        {"_id": 6, "host": "d:4", "arbiterOnly": True},
        {"_id": 7, "host": "e:5"},
    ]
}
STATUS = {
    "members": [
        {"_id": 4, "health": 1.0, "stateStr": "SECONDARY",
         "optime": {"ts": Timestamp(7, 2), "t": 3}},
        {"_id": 0, "health": 1.0, "stateStr": "PRIMARY", "optime": {"ts": Timestamp(9, 1), "t": 3}},
        {"_id": 5, "health": 0.0, "stateStr": "(not reachable/healthy)",
         "optime": {"ts": Timestamp(0, 0), "t": -1}},
        {"_id": 6, "health": 1.0, "stateStr": "ARBITER"},
    ]
}  # fmt: skip


def test_configuration_and_status_are_put_together_by_member():
    a, b, c, d, e = members_of(CONFIG, STATUS)

    assert a == Member("a:1", "PRIMARY", Optime(9, 1, 3))
    assert b == Member("b:2", "SECONDARY", Optime(7, 2), True, 60, priority=0.0)
    assert b.optime.term == 3
    assert c.delay_seconds == 30  # as servers before 5.0 say it
    assert (c.builds_indexes, c.healthy, c.optime) == (False, False, None)
    assert d.arbiter
    assert (e.state, e.healthy) == ("UNKNOWN", False)


def test_a_standalone_is_refused_with_what_can_be_done(client):
    with pytest.raises(NotAReplicaSet, match="standalone") as caught:
        inspect(client)

    assert "monitored" in caught.value.hint
    assert "mongod.sock" in caught.value.where


def test_a_set_that_is_not_initiated_is_refused(start_mongod):
    client = start_mongod(repl_set="rs0", extra=()).client()
    with client, pytest.raises(NotAReplicaSet, match="not initiated"):
        inspect(client)


class FakeMongos:
    """A client of a mongos, as far as inspect asks one: this machine has no mongos to run."""

    def __init__(self):
        self.admin = self
        self.topology_description = self

    def server_descriptions(self):
        return {("router", 27017): None}

    def command(self, command, **_):
        assert command == {"hello": 1}
        return {"msg": "isdbgrid", "ok": 1}


def test_a_mongos_is_refused():
    with pytest.raises(NotAReplicaSet, match="mongos") as caught:
        inspect(FakeMongos())

    assert caught.value.where == "router:27017"


def as_settled(found: ReplicaSet) -> ReplicaSet | None:
    """On a busy machine a member may be called dead for a moment, or the primary step down."""
    return found if found.primary and all(member.healthy for member in found.members) else None


def test_a_set_with_a_delayed_member_is_seen_as_it_is(short_folder, mongod_binary, clock):
    delayed = {"priority": 0, "hidden": True, "secondaryDelaySecs": 3600}
    settings = {1: delayed, 2: {"arbiterOnly": True}}
    folder = short_folder / "set"
    with (
        LocalReplicaSet(mongod_binary.path, folder, clock, 3, member_settings=settings) as three,
        parse_uri(Secret(three.uri)).client() as client,
    ):
        found = wait_until(lambda: as_settled(inspect(client)))
        config = client.admin.command("replSetGetConfig")["config"]

    assert found.name == "rs0"
    assert found.set_id == str(config["settings"]["replicaSetId"])
    assert found.server_version == str(mongod_binary.version)
    assert found.fcv == "6.0"
    assert found.primary == str(three.addresses[0])
    primary, late, arbiter = found.members
    assert primary.optime.term >= 1
    assert (late.state, late.delay_seconds, late.readable) == ("SECONDARY", 3600, False)
    assert (arbiter.arbiter, arbiter.readable) == (True, False)
    assert choose_member(found, "secondary") == primary


def test_one_member_is_enough_to_be_a_set(replica_set):
    with replica_set.client() as client:
        found = inspect(client)

    assert [each.state for each in found.members] == ["PRIMARY"]
