"""The raw client gets in wherever the driver does."""

import socket
from dataclasses import replace

import pytest

from mmsconsole.errors import AuthenticationFailed, MissingPrivileges, SourceUnreachable
from mmsconsole.mongod import tls
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.secret import Secret
from tests.mongod.conftest import ODD_PASSWORD, ODD_USER
from tests.support.certificates import KEY_PASSWORD


def connect(secured, *arguments: str, **named: str) -> WireConnection:
    source = parse_uri(Secret(secured.uri(*arguments, **named)))
    return WireConnection.connect(secured.address, source, timeout_seconds=60)


def who(connection: WireConnection) -> list[str]:
    status = connection.run("admin", {"connectionStatus": 1})
    return [user["user"] for user in status["authInfo"]["authenticatedUsers"]]


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("new", "new"),
        ("old", "old"),
        (ODD_USER, ODD_PASSWORD),
        (ODD_USER + "1", ODD_PASSWORD),
    ],
)
def test_users_of_either_scram_get_in_over_tls(secured, user, password):
    with connect(secured, user, password) as connection:
        assert who(connection) == [user]


def test_a_mechanism_named_by_the_uri_is_used(secured):
    with connect(secured, "root", "root", "&authMechanism=SCRAM-SHA-1") as connection:
        assert who(connection) == ["root"]


def test_a_certificate_gets_in_where_it_is_a_user(secured):
    tls = (
        f"tls=true&tlsCAFile={secured.certificates.authority}"
        f"&tlsCertificateKeyFile={secured.certificates.client}"
        f"&tlsCertificateKeyFilePassword={KEY_PASSWORD}"
    )

    with connect(secured, tls=tls, options="&authMechanism=MONGODB-X509") as connection:
        assert who(connection) == ["CN=backup,O=clients"]


def test_a_user_of_a_keyfile_set_gets_in_without_tls(guarded_set):
    source = parse_uri(Secret(guarded_set.uri))

    with WireConnection.connect(guarded_set.addresses[0], source) as connection:
        assert who(connection) == ["root"]


@pytest.mark.parametrize("user", ["new", "old", "nobody"])
def test_a_wrong_password_is_refused_by_name_and_not_shown(secured, user):
    with pytest.raises(AuthenticationFailed, match=f"user {user} was refused") as caught:
        connect(secured, user, "wr0ng")

    assert "wr0ng" not in f"{caught.value!r}{caught.value}{caught.value.__cause__!r}"


def test_a_certificate_that_is_no_user_is_refused(secured):
    with pytest.raises(AuthenticationFailed, match="the certificate was refused"):
        connect(secured, options="&authMechanism=MONGODB-X509")


def test_a_mechanism_that_the_server_does_not_speak_is_refused(secured):
    with pytest.raises(AuthenticationFailed, match="PLAIN"):
        connect(secured, "new", "new", "&authMechanism=PLAIN")


def test_a_missing_privilege_leaves_the_connection_usable(secured):
    with connect(secured, "reader", "reader") as connection:
        with pytest.raises(MissingPrivileges, match=r"find on other\.things"):
            connection.run("other", {"find": "things"})

        assert connection.run("app", {"find": "things"})["ok"] == 1


def test_a_server_of_an_unknown_authority_is_refused(secured):
    with pytest.raises(SourceUnreachable, match="TLS"):
        connect(secured, tls=f"tls=true&tlsCAFile={secured.certificates.stranger}")


def test_a_server_of_another_name_is_refused_unless_that_is_allowed(secured):
    source = parse_uri(Secret(secured.uri()))
    other = Address("db.example.com", secured.address.port)

    with pytest.raises(SourceUnreachable, match="mismatch"):
        tls.wrap(plain(secured.address), source.tls, other)

    allowed = replace(source.tls, allow_invalid_hostnames=True)
    tls.wrap(plain(secured.address), allowed, other).close()


def plain(address: Address) -> socket.socket:
    return socket.create_connection((address.host, address.port), 60)


def test_without_checks_any_certificate_is_taken(secured):
    with connect(
        secured, "new", "new", tls="tls=true&tlsAllowInvalidCertificates=true"
    ) as open_one:
        assert who(open_one) == ["new"]


def test_a_plain_connection_to_a_tls_server_is_refused(secured):
    with pytest.raises(SourceUnreachable):
        WireConnection.connect(secured.address, None, timeout_seconds=60)


def test_large_commands_and_replies_pass_through_tls(secured):
    with connect(secured, "root", "root") as connection:
        document = {"_id": 1, "text": "x" * (15 << 20)}
        connection.run("large", {"insert": "things", "documents": [document]})

        reply = connection.run("large", {"find": "things"})

    assert reply["cursor"]["firstBatch"] == [document]
