from pathlib import Path

import pytest

from mmsconsole.errors import UsageError
from mmsconsole.mongod.address import Address


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("db1", "db1", 27017),
        ("db1:27018", "db1", 27018),
        ("10.0.0.1:1", "10.0.0.1", 1),
        ("[::1]:27019", "::1", 27019),
        ("[::1]", "::1", 27017),
        ("/run/mms/head.sock", "/run/mms/head.sock", 0),
    ],
)
def test_every_way_to_write_an_address_is_understood(text, host, port):
    assert Address.parse(text) == Address(host, port)


@pytest.mark.parametrize("text", ["", ":27017", "db1:x", "db1:0", "db1:65536", "db1:-1", "[::1]:²"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(UsageError):
        Address.parse(text)


def test_an_address_reads_back_as_it_is_shown():
    for text in ("db1:27018", "[::1]:27019", "/run/mms/head.sock"):
        assert str(Address.parse(text)) == text


def test_a_socket_path_that_the_kernel_would_refuse_is_refused_with_a_hint():
    with pytest.raises(UsageError) as caught:
        Address.unix(Path("/" + "x" * 103 + ".sock"))

    assert "107" in caught.value.what
    assert "MMSCONSOLE_HOME" in caught.value.hint


def test_the_longest_socket_path_is_taken():
    assert Address.unix(Path("/" + "x" * 101 + ".sock")).is_unix


@pytest.mark.parametrize("path", ["run/a.sock", "/run/a", "/run/a,b.sock"])
def test_a_socket_path_that_the_driver_would_misread_is_refused(path):
    with pytest.raises(UsageError):
        Address.unix(Path(path))


def test_a_socket_in_a_connection_string_is_percent_encoded():
    uri = Address.unix(Path("/run/a b.sock")).uri

    assert uri == "mongodb://%2Frun%2Fa%20b.sock/?directConnection=true"
