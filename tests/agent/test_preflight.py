"""What stands in the way of a backup is said before it begins, and what to do about it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.agent.oplog_window import OplogWindow
from mmsconsole.agent.preflight import Requirements, check_version, check_window, cipher_of, examine
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.errors import (
    AuthenticationFailed,
    MissingPrivileges,
    NoSuitableMongod,
    NotAReplicaSet,
    OplogWindowTooShort,
    ServerTooOld,
    SourceUnreachable,
    WrongReplicaSet,
)
from mmsconsole.mongod import source_uri
from mmsconsole.mongod.binaries import MongodBinary, Version, find_binaries
from mmsconsole.mongod.process import MongodProcess
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret
from tests.support.guarded import GuardedSet

WISHES = Requirements("secondary", "primary", window_hours_min=3)
READ_ANY = "readAnyDatabase"


@pytest.fixture(scope="module")
def binaries() -> Sequence[MongodBinary]:
    return find_binaries([], os.environ)


def test_a_sound_source_passes(guarded: GuardedSet, binaries: Sequence[MongodBinary]) -> None:
    with guarded.replica_set.client() as client:
        client["sized"].things.insert_many([{"x": "y" * 1000} for _ in range(2000)])
        found = examine(guarded.source, WISHES, binaries)
        client.drop_database("sized")
    assert found.sync_member == found.tail_member == guarded.hosts[0]
    assert found.replica_set.name == "rs0"
    assert found.binary.version.series == (6, 0)
    assert found.data_bytes >= 2_000_000
    assert found.estimated_bytes > 0
    assert found.oplog_window_seconds is None
    assert not found.may_verify
    assert found.cipher == ""


@pytest.mark.parametrize(
    ("options", "cipher"),
    [
        ({}, ""),
        ({"parsed": {}}, ""),
        ({"parsed": {"security": {"keyFile": "/k"}}}, ""),
        ({"parsed": {"security": {"enableEncryption": False}}}, ""),
        ({"parsed": {"security": {"enableEncryption": True}}}, "AES256-CBC"),
        (
            {"parsed": {"security": {
                "enableEncryption": True, "encryptionCipherMode": "AES256-GCM"}}},
            "AES256-GCM",
        ),
        ({"parsed": []}, ""),
    ],
)  # fmt: skip
def test_by_what_a_source_encrypts_its_files_is_known(options: dict[str, Any], cipher: str) -> None:
    assert cipher_of(options) == cipher


@pytest.mark.xdist_group("agent-tail")  # which has the three members
def test_the_members_are_chosen_as_wished(
    guarded_three: GuardedSet, binaries: Sequence[MongodBinary]
) -> None:
    replica_set = guarded_three.replica_set
    with guarded_three.kept_secondary(replica_set.secondaries()):
        primary = guarded_three.hosts[replica_set.wait_for_primary()]
        found = examine(guarded_three.source, WISHES, binaries)
    assert found.tail_member == primary
    assert found.sync_member != primary


def test_a_user_who_may_verify_is_known(
    guarded: GuardedSet, binaries: Sequence[MongodBinary]
) -> None:
    with guarded.replica_set.client() as client:
        everywhere = {"resource": {"db": "", "collection": ""}, "actions": ["dbHash", "validate"]}
        client.admin.command("createRole", "verify", privileges=[everywhere], roles=[])
    guarded.create_user("verifier", ["backup", "clusterMonitor", "verify"])
    assert examine(guarded.as_user("verifier"), WISHES, binaries).may_verify


@pytest.mark.parametrize(
    ("user", "roles", "named"),
    [
        ("poor", [], ["replSetGetConfig on admin"]),
        ("watcher", ["clusterMonitor"], ["find on admin.system.users", "listCollections on admin"]),
        ("worker", ["backup"], ["replSetGet"]),
        ("half", ["clusterMonitor", READ_ANY], ["find on admin.system.users"]),
    ],
)
def test_a_missing_privilege_is_named(
    guarded: GuardedSet,
    binaries: Sequence[MongodBinary],
    user: str,
    roles: list[Any],
    named: list[str],
) -> None:
    guarded.create_user(user, roles)
    with pytest.raises(MissingPrivileges) as raised:
        examine(guarded.as_user(user), WISHES, binaries)
    assert all(each in str(raised.value) for each in named), str(raised.value)
    assert "backup and clusterMonitor" in raised.value.hint


def test_a_wrong_password_is_refused(guarded: GuardedSet, binaries: Sequence[MongodBinary]) -> None:
    wrong = guarded.uri.replace("nobody-may-see-this", "not-this-either")
    with pytest.raises(AuthenticationFailed) as raised:
        examine(parse_uri(Secret(wrong)), WISHES, binaries)
    assert "not-this-either" not in repr(raised.value) + str(raised.value.hint)


def test_a_source_that_wants_a_login_says_so(
    guarded: GuardedSet, binaries: Sequence[MongodBinary]
) -> None:
    nobody = guarded.uri.replace("copier:nobody-may-see-this@", "")
    with pytest.raises(AuthenticationFailed):
        examine(parse_uri(Secret(nobody)), WISHES, binaries)


def test_a_source_where_nobody_has_to_log_in_passes(
    replica_set: LocalReplicaSet, binaries: Sequence[MongodBinary]
) -> None:
    assert examine(parse_uri(Secret(replica_set.uri)), WISHES, binaries).may_verify


def test_a_standalone_is_refused(
    standalone: MongodProcess, binaries: Sequence[MongodBinary]
) -> None:
    source = parse_uri(Secret(standalone.options.listen.uri))
    with pytest.raises(NotAReplicaSet):
        examine(source, WISHES, binaries)


def test_a_source_that_does_not_answer_is_unreachable(
    binaries: Sequence[MongodBinary], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(source_uri.CLIENT_OPTIONS, "serverSelectionTimeoutMS", 500)
    source = parse_uri(Secret("mongodb://127.0.0.1:1/?replicaSet=rs0"))
    with pytest.raises(SourceUnreachable):
        examine(source, WISHES, binaries)


def test_another_set_of_the_same_name_is_refused(
    guarded: GuardedSet, binaries: Sequence[MongodBinary]
) -> None:
    pinned = Requirements("secondary", "primary", 3, set_id="0123456789abcdef01234567")
    with pytest.raises(WrongReplicaSet, match="0123456789abcdef01234567"):
        examine(guarded.source, pinned, binaries)


def test_a_source_whose_version_no_mongod_here_has_is_refused(guarded: GuardedSet) -> None:
    other = MongodBinary(Path("/opt/mongod"), Version(7, 0, 1))
    with pytest.raises(NoSuitableMongod):
        examine(guarded.source, WISHES, [other])


@pytest.mark.parametrize("version", ["4.2.24", "3.6.0"])
def test_a_server_before_4_4_is_too_old(version: str) -> None:
    with pytest.raises(ServerTooOld):
        check_version(version, "a")


def test_4_4_is_new_enough() -> None:
    check_version("4.4.0", "a")


def window(hours: float, filled: float) -> OplogWindow:
    return OplogWindow(
        Optime(1000, 1), Optime(1000 + int(hours * 3600), 1), int(filled * 1000), 1000
    )


def test_a_full_oplog_that_reaches_too_short_is_refused() -> None:
    with pytest.raises(OplogWindowTooShort, match=r"2\.0 hours back, 3 are wanted"):
        check_window(window(hours=2, filled=1), 3, "a")


def test_a_full_oplog_that_reaches_far_enough_passes() -> None:
    check_window(window(hours=3, filled=1.1), 3, "a")


def test_an_oplog_that_was_never_full_counts_as_long_enough() -> None:
    assert window(hours=0.1, filled=0.5).projected_seconds is None
    check_window(window(hours=0.1, filled=0.5), 3, "a")
