"""The local replica set behaves as a real deployment does when its members come and go."""

import pytest
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError
from pymongo.write_concern import WriteConcern

from mmsconsole.demo import replica_set as module
from mmsconsole.demo.replica_set import PORTS, LocalReplicaSet, free_ports
from mmsconsole.errors import MongodFailed
from mmsconsole.secret import Secret
from tests.support.backups import wait_until
from tests.support.gone import gone


def test_three_members_start_with_a_primary_and_two_secondaries(three_members):
    three_members.wait_for_secondaries()

    def roles() -> list[int]:
        return sorted([three_members.primary(), *three_members.secondaries()])

    wait_until(lambda: roles() == [0, 1, 2], "they have no roles")


def test_after_a_step_down_another_member_is_primary(three_members):
    before = three_members.primary()

    after = three_members.step_down()

    assert after != before
    assert three_members.primary() == after


def test_a_killed_primary_is_replaced_and_comes_back_as_a_member(three_members):
    before = three_members.primary()
    pid = three_members.member(before).pid

    three_members.kill_member(before)
    after = three_members.wait_for_primary()
    three_members.start_member(before)
    three_members.wait_for_secondaries()

    assert gone(pid, within_seconds=0)
    assert after != before
    assert before in [three_members.primary(), *three_members.secondaries()]


def test_majority_writes_survive_the_loss_of_the_primary(three_members):
    with three_members.client() as client:
        majority = WriteConcern("majority", wtimeout=60_000)
        things = client.survival.things.with_options(write_concern=majority)
        things.insert_one({"_id": 1})
        lost = three_members.primary()
        three_members.kill_member(lost)
        three_members.wait_for_primary()

        assert things.find_one() == {"_id": 1}

    three_members.start_member(lost)
    three_members.wait_for_secondaries()


def test_a_member_restarts_on_its_own_port(three_members):
    index = three_members.secondaries()[0]
    before = three_members.member(index)

    three_members.restart_member(index)
    three_members.wait_for_secondaries()

    after = three_members.member(index)
    assert after.pid != before.pid
    assert after.options == before.options


def test_a_stopped_set_starts_again_with_its_data(short_folder, mongod_binary, clock):
    folder = short_folder / "set"
    local = LocalReplicaSet(mongod_binary.path, folder, clock, members=1)
    with local, local.client() as client:
        client.kept.things.insert_one({"_id": 1})
    pid_files = list(folder.glob("member0/mongod.lock"))
    assert [file.read_bytes() for file in pid_files] == [b""]

    with local, local.client() as client:
        assert client.kept.things.find_one() == {"_id": 1}


def test_with_a_password_nobody_reads_without_it(short_folder, mongod_binary, clock):
    password = Secret("p@ss/word")
    local = LocalReplicaSet(mongod_binary.path, short_folder / "s", clock, 1, password=password)
    with local:
        with local.client() as client:
            client.app.things.insert_one({"_id": 1})
        with local.member_client(0) as client:
            assert client.app.things.find_one() == {"_id": 1}
        stranger = local.member_client(0, username="root", password="wrong")
        with stranger, pytest.raises(OperationFailure):
            stranger.app.things.find_one()

        command = local.member(0).options.command
        assert not any(password.reveal() in part for part in command)
        assert (short_folder / "s" / "keyfile").stat().st_mode & 0o777 == 0o400


def test_a_set_that_can_not_start_leaves_nothing_running(short_folder, mongod_binary, clock):
    local = LocalReplicaSet(mongod_binary.path, short_folder / "s", clock, 1, extra=("--nonsense",))

    with pytest.raises(MongodFailed):
        local.start()

    client = local.client(serverSelectionTimeoutMS=100)
    with client, pytest.raises(ServerSelectionTimeoutError):
        client.admin.command("ping")


def test_a_member_whose_port_was_taken_meanwhile_begins_on_another_one(
    three_members, short_folder, mongod_binary, clock
):
    taken = three_members.addresses[0]
    local = LocalReplicaSet(mongod_binary.path, short_folder / "s", clock, 1)
    local.addresses[0] = taken

    with local, local.client() as client:
        assert client.app.things.find_one() is None

        assert local.addresses[0] != taken
        assert client.primary == (local.addresses[0].host, local.addresses[0].port)


def test_free_ports_are_different_and_outside_the_kernels_own_range():
    ports = free_ports(20)

    assert len(set(ports)) == 20
    assert all(port in PORTS for port in ports)


def test_nobody_else_is_given_the_port_of_a_member_that_does_not_run(
    short_folder, mongod_binary, clock, monkeypatch
):
    """It may have been killed, and be on its way back."""
    local = LocalReplicaSet(mongod_binary.path, short_folder / "s", clock, 1)
    port, others = local.addresses[0].port, free_ports(5)
    monkeypatch.setattr(module, "PORTS", [*[port] * 20, *others])

    assert {free_ports(1)[0] for _ in range(20)} <= {*others}
