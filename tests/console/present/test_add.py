"""The password in a URI that is being typed."""

import pytest

from mmsconsole.console.present.add import hidden

PASSWORDS = ["s3cret", "1234", "12345", "a,b"]


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("scheme", ["mongodb", "mongodb+srv"])
def test_no_part_of_a_password_is_shown_while_it_is_typed(scheme: str, password: str) -> None:
    before = f"{scheme}://backup:"
    uri = f"{before}{password}@db1:27017,db2:27017/?replicaSet=rs0"
    for end in range(len(before), len(uri) + 1):
        shown = hidden(uri[:end], "*")
        assert len(shown) == end
        typed = min(end, len(before) + len(password)) - len(before)
        assert shown[len(before) : len(before) + typed] == "*" * typed


def test_a_whole_uri_hides_a_password_with_an_unescaped_at() -> None:
    assert hidden("mongodb://backup:p@ss@db1/", "*") == "mongodb://backup:****@db1/"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "mongodb",
        "mongodb://db1",
        "mongodb://db1:27017,db2:27017",
        "mongodb://db1:27017/?replicaSet=rs0",
        "mongodb://backup@db1:27017",
    ],
)
def test_what_can_be_no_password_is_shown(uri: str) -> None:
    assert hidden(uri, "*") == uri


def test_a_port_is_hidden_until_it_is_surely_one() -> None:
    assert hidden("mongodb://db1:2701", "*") == "mongodb://db1:****"
    assert hidden("mongodb://db1:27017/", "*") == "mongodb://db1:27017/"
