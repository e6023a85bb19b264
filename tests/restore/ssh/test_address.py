"""USER@HOST:PATH, as people and attackers write it."""

import pytest

from mmsconsole.errors import UsageError
from mmsconsole.restore.ssh.address import RemotePlace, parse_place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("root@db7.example.net:/srv/r", RemotePlace("root", "db7.example.net", "/srv/r")),
        ("db7:/srv/r/", RemotePlace("", "db7", "/srv/r")),
        ("db7:restores/one", RemotePlace("", "db7", "restores/one")),
        ("a@[fe80::1%eth0]:/r", RemotePlace("a", "fe80::1%eth0", "/r")),
        ("a@db7:/srv/../data/./r", RemotePlace("a", "db7", "/data/r")),
        ("a@db7:/with space/ü:x", RemotePlace("a", "db7", "/with space/ü:x")),
    ],
)
def test_an_address_is_read(text: str, place: RemotePlace) -> None:
    assert parse_place(text) == place


@pytest.mark.parametrize(
    "text",
    [
        "", "db7", "db7:", ":/srv", "@db7:/srv", "-oProxyCommand=x:/srv", "a@-db7:/srv",
        "-l@db7:/srv", "a b@db7:/srv", "a@db 7:/srv", "a@db7/x:/srv", "a@db7:/", "a@db7:.",
        "a@db7:..", "a@db7:../up", "a@db7:x/../..", "a@db7:~other/x", "a@db7:/srv\nx",
        "a@db7:/srv\x00x", "a@db7:/srv\x7f", "a@b@db7:/srv", "a@[::1:/srv",
    ],
)  # fmt: skip
def test_what_can_be_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_place(text)
