"""Members are found as people name them; what is not clear is refused."""

import pytest

from mmsconsole.errors import NotFound, UsageError
from mmsconsole.operations.monitoring_names import machine_of, member_named, split_subject

HOSTS = ["db1.example.net:27017", "db2.example.net:27017", "db2.example.net:27018", "[::1]:27019"]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("db1.example.net:27017", 0), ("DB1.example.net", 0), ("db1", 0), (" db1 ", 0),
        ("db2.example.net:27018", 2), ("::1", 3), ("[::1]:27019", 3), ("[", 3),
    ],
)  # fmt: skip
def test_a_member_is_found_by_what_is_its_own(said: str, found: int) -> None:
    assert member_named(HOSTS, said) == HOSTS[found]


@pytest.mark.parametrize("said", ["db", "db2", "db2.example.net", "d"])
def test_what_several_have_in_common_is_refused_with_their_names(said: str) -> None:
    with pytest.raises(UsageError) as refused:
        member_named(HOSTS, said)
    assert HOSTS[1] in refused.value.hint


@pytest.mark.parametrize("said", ["db3", "", "  ", "example", "db1.example.net:2701x"])
def test_what_none_has_is_not_found(said: str) -> None:
    with pytest.raises(NotFound) as missing:
        member_named(HOSTS, said)
    assert HOSTS[0] in missing.value.hint


def test_where_there_is_no_member_yet_that_is_said() -> None:
    with pytest.raises(NotFound) as missing:
        member_named([], "db1")
    assert "no member was seen yet" in missing.value.hint


@pytest.mark.parametrize(
    ("host", "machine"),
    [("db1:27017", "db1"), ("[::1]:27017", "::1"), ("db1", "db1"), ("/run/a.sock", "/run/a.sock")],
)
def test_a_machine_is_a_host_without_its_port(host: str, machine: str) -> None:
    assert machine_of(host) == machine


@pytest.mark.parametrize(
    ("subject", "split"),
    [
        ("db1.example.net:27017", ("db1.example.net:27017", "")),
        ("db1.example.net:27017/shop", ("db1.example.net:27017", "shop")),
        ("db1.example.net:27017/shop.a/b", ("db1.example.net:27017", "shop.a/b")),
        ("left:27017/shop", ("left:27017", "shop")),
    ],
)
def test_a_subject_is_a_member_and_a_part_of_its_data(subject: str, split: tuple[str, str]) -> None:
    assert split_subject(subject, HOSTS) == split
