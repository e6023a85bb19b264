"""Real members are watched while they fail over, lag, lock, die and come back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.metadata.members import MemberState
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.monitoring.collector import Collector, Watched
from mmsconsole.monitoring.discovery import Expected
from mmsconsole.secret import Secret
from tests.monitoring.conftest import Alone
from tests.monitoring.members import DEPLOYMENT, TIMEOUT, Seen, poll_of, watching
from tests.support.backups import wait_until
from tests.support.paused import held


@pytest.fixture
def three(three_members: LocalReplicaSet) -> Iterator[LocalReplicaSet]:
    """All of them are up before and after."""
    three_members.wait_for_secondaries()
    yield three_members
    for index in range(3):
        three_members.start_member(index)
    three_members.wait_for_primary()
    three_members.wait_for_secondaries()


@contextmanager
def watched(
    replica_set: LocalReplicaSet, seeds: Sequence[int] = (0, 1, 2), timeout: float = TIMEOUT
) -> Iterator[Seen]:
    with watching_by(replica_set, seeds, timeout) as (seen, _):
        yield seen


@contextmanager
def watching_by(
    replica_set: LocalReplicaSet, seeds: Sequence[int], timeout: float = TIMEOUT
) -> Iterator[tuple[Seen, Collector]]:
    hosts = ",".join(str(replica_set.addresses[index]) for index in seeds)
    set_id = str(configuration(replica_set)["settings"]["replicaSetId"])
    make_poll = partial(poll_of, timeout=timeout)
    with watching(f"mongodb://{hosts}", Expected("rs0", set_id), make_poll) as found:
        yield found


def configuration(replica_set: LocalReplicaSet) -> dict[str, Any]:
    with replica_set.client() as client:
        found: dict[str, Any] = client.admin.command("replSetGetConfig")["config"]
    return found


def reconfigure(replica_set: LocalReplicaSet, members: list[dict[str, Any]]) -> None:
    config = configuration(replica_set)
    config["version"] += 1
    config["members"] = members
    with replica_set.client() as client:
        client.admin.command("replSetReconfig", config)


def hosts_of(replica_set: LocalReplicaSet) -> list[str]:
    return [str(address) for address in replica_set.addresses]


def test_a_failover_is_seen_at_both_members(three: LocalReplicaSet) -> None:
    hosts = hosts_of(three)
    before = three.primary()
    with watched(three, seeds=[before]) as seen:
        wait_until(lambda: [seen.state(host).state for host in hosts].count("SECONDARY") == 2)
        wait_until(lambda: seen.state(hosts[before]).state == "PRIMARY")
        first_term = seen.state(hosts[before]).term or 0
        after = three.step_down()
        wait_until(lambda: elected(seen.state(hosts[after]), first_term))
        wait_until(lambda: seen.state(hosts[before]).state == "SECONDARY")


def elected(member: MemberState, after_term: int) -> bool:
    """It leads, in a later term, and since when is known."""
    in_term = (member.term or 0) > after_term and member.elected_at is not None
    return member.state == "PRIMARY" and in_term


def test_a_member_that_is_killed_or_stands_still_costs_only_itself(three: LocalReplicaSet) -> None:
    hosts = hosts_of(three)
    alive = three.primary()
    killed, still = {0, 1, 2} - {alive}
    with watched(three, timeout=1.0) as seen:
        wait_until(lambda: all(seen.state(host).seen_at for host in hosts))
        three.kill_member(killed)
        # The connection that it had broke first.
        wait_until(lambda: "refused" in seen.state(hosts[killed]).error.lower())
        with held(three.member(still).pid):
            wait_until(lambda: seen.state(hosts[still]).error)
            before = len(seen.samples(hosts[alive]))
            wait_until(lambda: len(seen.samples(hosts[alive])) >= before + 5)
            dead = seen.state(hosts[killed])
            assert dead.since is not None
            assert dead.version == "6.0.5"  # what was known stays
            assert not dead.healthy
        wait_until(lambda: not seen.state(hosts[still]).error)
        three.start_member(killed)
        wait_until(lambda: well(seen.state(hosts[killed])))


def well(member: MemberState) -> bool:
    return not member.error and member.since is None


def test_the_lag_of_a_delayed_member_is_told(three: LocalReplicaSet) -> None:
    hosts = hosts_of(three)
    members = configuration(three)["members"]
    late = three.secondaries()[0]
    delayed = {"priority": 0, "hidden": True, "secondaryDelaySecs": 3600}
    changed = [each | delayed if each["_id"] == late else each for each in members]
    reconfigure(three, changed)
    try:
        with watched(three) as seen, three.client() as client:

            def lags() -> MemberState | None:
                """And has heard that it is to lag: it may be behind before."""
                client.lagging.entries.insert_one({})
                state = seen.state(hosts[late])
                return state if (state.lag_seconds or 0) >= 2 and state.hidden else None

            state = wait_until(lags)
            assert (state.hidden, state.delay_seconds, state.priority) == (True, 3600, 0)
            assert state.values["replication_lag"] >= 2
            assert (seen.state(hosts[three.primary()]).lag_seconds or 0) == 0
    finally:
        reconfigure(three, members)


def test_members_that_leave_and_come_are_followed(three: LocalReplicaSet) -> None:
    hosts = hosts_of(three)
    members = configuration(three)["members"]
    leaving = three.secondaries()[0]
    with watching_by(three, [0, 1, 2]) as (seen, collector):
        wait_until(lambda: set(collector.hosts("d") or ()) == set(hosts))
        reconfigure(three, [each for each in members if each["_id"] != leaving])
        try:
            wait_until(lambda: hosts[leaving] not in (collector.hosts("d") or ()))
            assert collector.members == 2
        finally:
            reconfigure(three, members)
        wait_until(lambda: hosts[leaving] in (collector.hosts("d") or ()))
        joined = len(seen.samples(hosts[leaving]))
        wait_until(lambda: len(seen.samples(hosts[leaving])) > joined)


def test_a_server_of_another_set_is_told_so(replica_set: LocalReplicaSet) -> None:
    host = str(replica_set.addresses[0])
    with watching(f"mongodb://{host}", Expected("rs0", "0" * 24)) as (seen, _):
        wait_until(lambda: "another replica set" in seen.state(host).error)
        assert seen.samples(host) == []


def test_a_seed_by_another_name_becomes_the_member_that_it_is(
    replica_set: LocalReplicaSet,
) -> None:
    (member,) = replica_set.addresses
    with watching(f"mongodb://localhost:{member.port}", Expected("rs0")) as (seen, collector):
        wait_until(lambda: seen.state(str(member)).seen_at)
        assert collector.hosts("d") == (str(member),)
        assert seen.samples(f"localhost:{member.port}") == []


def test_a_standalone_is_watched_and_its_lock_is_seen(alone: Alone) -> None:
    host, uri = str(alone.address), alone.source("monitor").uri.reveal()
    with watching(uri, Expected(standalone=True), interval=0.6) as (seen, _):

        def whole() -> MemberState | None:
            state = seen.state(host)
            return state if "opcounters_command" in state.values else None

        state = wait_until(whole)
        assert (state.state, state.locked, state.missing) == ("STANDALONE", False, ())
        assert state.certificate_names == ("localhost", "127.0.0.1")
        wait_until(lambda: "host_cpu_percent" in seen.state(host).values)
        with alone.root() as client:
            client.admin.command("fsync", lock=True)
            try:
                wait_until(lambda: seen.state(host).locked)
            finally:
                client.admin.command("fsyncUnlock")
        wait_until(lambda: not seen.state(host).locked)


def test_nobody_there_is_an_error_of_that_member(replica_set: LocalReplicaSet) -> None:
    with watching("mongodb://127.0.0.1:1", Expected("rs0")) as (seen, _):
        wait_until(lambda: seen.state("127.0.0.1:1").error)
    state = seen.state("127.0.0.1:1")
    assert (state.state, state.seen_at) == ("", None)


def test_stopping_breaks_off_what_hangs(replica_set: LocalReplicaSet) -> None:
    """Long before its timeout: the polls' threads have all ended."""
    host = str(replica_set.addresses[0])
    with watching_by(replica_set, [0]) as (seen, collector):
        wait_until(lambda: seen.state(host).seen_at)
        with held(replica_set.member(0).pid):
            collector.stop(60)
            assert not collector.running


def test_a_new_connection_string_is_tried_at_once(replica_set: LocalReplicaSet) -> None:
    """Whoever mends a password does not wait for the turn of a member that let nobody in."""
    host = str(replica_set.addresses[0])
    wrong, right = f"mongodb://a:wrong@{host}", f"mongodb://{host}"
    with watching(wrong, Expected("rs0"), interval=600.0) as (seen, collector):
        wait_until(lambda: seen.state(host).error)
        collector.watch(
            [Watched(DEPLOYMENT, parse_uri(Secret(right)), Expected("rs0"))], lambda _: []
        )
        wait_until(lambda: seen.state(host).seen_at)
