from collections.abc import Iterator

import bson.errors
import pymongo.errors
import pytest
from pymongo.errors import PyMongoError

from mmsconsole.errors import (
    AuthenticationFailed,
    CommandFailed,
    MissingPrivileges,
    MmsError,
    SourceUnreachable,
    UsageError,
)
from mmsconsole.mongod.source_errors import command_error, name_of, source_errors
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.mongod.topology import inspect
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.secret import Secret


def family(root: type[BaseException]) -> Iterator[type[BaseException]]:
    yield root
    for child in root.__subclasses__():
        yield from family(child)


def make(kind: type[BaseException]) -> BaseException:
    if kind is pymongo.errors.BulkWriteError:
        return kind({"writeErrors": []})
    if kind is pymongo.errors.ClientBulkWriteException:
        return kind({"writeErrors": []}, verbose=False)
    if kind is pymongo.errors.EncryptedCollectionError:
        return kind(ValueError("it went wrong"), {})
    return kind("it went wrong")


DRIVER_ERRORS = [
    kind
    for root in (PyMongoError, bson.errors.BSONError)
    for kind in family(root)
    if kind.__module__ in ("pymongo.errors", "bson.errors")
]


@pytest.mark.parametrize("kind", DRIVER_ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_of_the_driver_has_a_place(kind):
    original = make(kind)

    with pytest.raises(MmsError) as caught, source_errors("db1:27017"):
        raise original

    assert caught.value.where == "db1:27017"
    assert caught.value.__cause__ is original


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        (pymongo.errors.ServerSelectionTimeoutError("x"), SourceUnreachable),
        (pymongo.errors.NetworkTimeout("x"), SourceUnreachable),
        (pymongo.errors.AutoReconnect("x"), SourceUnreachable),
        (pymongo.errors.NotPrimaryError("x"), SourceUnreachable),
        (pymongo.errors.ConfigurationError("x"), UsageError),
        (pymongo.errors.OperationFailure("x", 18), AuthenticationFailed),
        (pymongo.errors.OperationFailure("x", 13), MissingPrivileges),
        (pymongo.errors.OperationFailure("x", 26), CommandFailed),
        (pymongo.errors.CursorNotFound("x", 43), CommandFailed),
        (bson.errors.InvalidBSON("x"), CommandFailed),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_what_happened_is_told_by_the_class(original, expected):
    with pytest.raises(expected) as caught, source_errors("db1"):
        raise original

    assert type(caught.value) is expected


def test_the_servers_code_and_answer_are_kept():
    error = command_error({"ok": 0, "code": 11000, "errmsg": "dup", "keyValue": {"a": 1}}, "db1")

    assert error.server_code == 11000
    assert error.reply["keyValue"] == {"a": 1}


def test_a_servers_error_has_the_same_code_by_either_client(mongod, client):
    command = {"listIndexes": "nothing"}
    with pytest.raises(CommandFailed) as by_driver, source_errors("db1"):
        client.db.command(command)
    with (
        WireConnection.connect(mongod.options.listen, None) as connection,
        pytest.raises(CommandFailed) as by_wire,
    ):
        connection.run("db", command)

    assert by_driver.value.server_code == by_wire.value.server_code == 26


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "not authorized on admin to execute command { replSetGetStatus: 1, lsid: {} }",
            "replSetGetStatus on admin",
        ),
        (
            'not authorized on local to execute command { find: "oplog.rs", filter: {} }',
            "find on local.oplog.rs",
        ),
        ("something else", "something else"),
    ],
)
def test_a_missing_privilege_names_the_command_and_its_target(said, told):
    error = command_error({"code": 13, "errmsg": said}, "db1")

    assert isinstance(error, MissingPrivileges)
    assert told in error.what
    assert "clusterMonitor" in error.hint


@pytest.mark.parametrize("reply", [{}, {"code": "x"}, {"code": 13}, {"errmsg": None, "code": True}])
def test_a_reply_that_says_little_still_becomes_an_error(reply):
    assert isinstance(command_error(reply, "db1"), MmsError)


def test_a_wrong_password_is_an_authentication_failure(secured):
    source = parse_uri(Secret(secured.uri("reader", "wrong")))

    with (
        pytest.raises(AuthenticationFailed) as caught,
        source_errors("db1"),
        source.client() as client,
    ):
        client.admin.command("ping")

    assert "wrong" not in f"{caught.value!r}{caught.value}"


def test_a_user_without_the_roles_learns_which_command_was_refused(secured):
    source = parse_uri(Secret(secured.uri("reader", "reader")))

    with (
        pytest.raises(MissingPrivileges, match=r"find on other\.things"),
        source_errors("db1"),
        source.client() as client,
    ):
        client.other.things.find_one()


def test_nobody_at_all_is_told_to_log_in(secured):
    source = parse_uri(Secret(secured.uri()))

    with (
        pytest.raises(AuthenticationFailed, match="wants a user") as caught,
        source_errors("db1"),
        source.client() as client,
    ):
        client.admin.command("listDatabases")

    assert "connection string" in caught.value.hint


def test_inspecting_a_set_without_the_roles_names_the_command(guarded_set):
    with guarded_set.client() as root:
        root.admin.command({"createUser": "poor", "pwd": "poor", "roles": ["read"]})
    host = guarded_set.addresses[0]

    client = parse_uri(Secret(f"mongodb://poor:poor@{host}/")).client()
    with client, pytest.raises(MissingPrivileges, match="replSetGetConfig on admin"):
        inspect(client)


def test_a_client_is_named_by_its_servers():
    with parse_uri(Secret("mongodb://u:p@db2:1,db1/?connect=false")).client() as client:
        assert name_of(client) == "db1:27017,db2:1"
