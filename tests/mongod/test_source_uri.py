from pathlib import Path

import pytest

from mmsconsole.errors import SourceUnreachable, UsageError
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.source_errors import source_errors
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.secret import Secret

PASSWORD = "s3cret"


def parse(text: str):
    return parse_uri(Secret(text))


def test_all_parts_of_a_connection_string_are_read(tmp_path):
    ca = tmp_path / "ca.pem"
    ca.touch()
    source = parse(
        f"mongodb://b%40ckup:p%2Fw@db1,db2:27018,[::1]:5/app?replicaSet=rs0&tls=true&tlsCAFile={ca}"
        "&authMechanism=SCRAM-SHA-1&tlsAllowInvalidHostnames=true"
    )

    assert source.seeds == (Address("db1", 27017), Address("db2", 27018), Address("::1", 5))
    assert source.user == "b@ckup"
    assert source.password.reveal() == "p/w"
    assert source.auth_source == "app"
    assert source.mechanism == "SCRAM-SHA-1"
    assert source.replica_set == "rs0"
    assert source.tls.ca_file == Path(ca)
    assert source.tls.allow_invalid_hostnames
    assert not source.tls.allow_invalid_certificates


@pytest.mark.parametrize(
    ("uri", "auth_source"),
    [
        ("mongodb://u:p@h/", "admin"),
        ("mongodb://u:p@h/app", "app"),
        ("mongodb://u:p@h/app?authSource=users", "users"),
        ("mongodb://u:p@h/?authMechanism=PLAIN", "$external"),
        ("mongodb://h/?authMechanism=MONGODB-X509&tls=true", "$external"),
    ],
)
def test_the_user_is_looked_for_where_the_driver_would(uri, auth_source):
    assert parse(uri).auth_source == auth_source


def test_a_unix_socket_is_an_address_too():
    assert parse("mongodb://%2Frun%2Fm.sock/").seeds == (Address("/run/m.sock", 0),)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "db1:27017",
        "mongodb://",
        "mongodb+srv://db.example.com/",
        f"mongodb://u:{PASSWORD}@h:99999/",
        f"mongodb://u:{PASSWORD}@h:2701a/",
        f"mongodb://u:{PASSWORD}@h/?nonsense=1",
        f"mongodb://u:{PASSWORD}@h/?authMechanism=GSSAPI",
        f"mongodb://u:{PASSWORD}@h/?tls=true&tlsCAFile=/not/there",
        f"mongodb://u:{PASSWORD}@h1,h2/?directConnection=true",
        f"mongodb://u:x/{PASSWORD}@h/",
        f"mongodb://u:x?{PASSWORD}=1@h/",
        f"mongodb://u:x@{PASSWORD}:y@h/",
        f"mongodb://u:%zz{PASSWORD}@h/",
    ],
)
def test_nonsense_is_refused_without_showing_the_password(uri):
    with pytest.raises(UsageError) as caught:
        parse(uri)

    shown = f"{caught.value!r} {caught.value} {caught.value.where} {caught.value.hint}"
    assert PASSWORD not in shown
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        (f"mongodb://u:{PASSWORD}@h:1/?replicaSet=r", "mongodb://u:***@h:1/?replicaSet=r"),
        ("mongodb://h/", "mongodb://h/"),
        ("mongodb://u@h/?authMechanism=MONGODB-X509", "mongodb://u@h/?authMechanism=MONGODB-X509"),
        (
            f"mongodb://h/?tls=true&tlsCertificateKeyFilePassword={PASSWORD}&appName=x",
            "mongodb://h/?tls=true&tlsCertificateKeyFilePassword=***&appName=x",
        ),
    ],
)
def test_people_see_a_connection_string_without_its_secrets(uri, shown):
    source = parse(uri)

    assert source.redacted == shown
    assert PASSWORD not in f"{source} {source!r}"


def test_a_client_of_the_set_reaches_its_primary(replica_set):
    with parse(replica_set.uri).client() as client:
        assert client.admin.command("hello")["isWritablePrimary"]


def test_a_direct_client_speaks_to_one_member_whatever_the_uri_says(three_members):
    index = three_members.secondaries()[0]
    address = three_members.addresses[index]

    with parse(three_members.uri).direct_client(address) as client:
        hello = client.admin.command("hello")

    assert hello["me"] == str(address)


def test_a_direct_client_of_a_socket_works_from_any_source(mongod):
    source = parse("mongodb://db1,db2/?replicaSet=rs0")

    with source.direct_client(mongod.options.listen) as client:
        assert client.admin.command("ping")["ok"] == 1


def test_a_deployment_that_is_not_there_is_unreachable_after_the_timeout():
    source = parse("mongodb://127.0.0.1:1/")

    with (
        pytest.raises(SourceUnreachable, match=r"127\.0\.0\.1:1"),
        source_errors("demo"),
        source.client(serverSelectionTimeoutMS=100) as client,
    ):
        client.admin.command("ping")
