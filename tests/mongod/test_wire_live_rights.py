"""Who may restore into a server that wants a login."""

from contextlib import closing
from urllib.parse import quote_plus

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.errors import AuthenticationFailed, MissingPrivileges
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.restore.live.primary import Primary
from mmsconsole.restore.live.standing import check_rights, standing_of
from mmsconsole.secret import Secret
from mmsconsole.task import Task


def primary_of(secured, user: str, password: str) -> Primary:
    uri = parse_uri(Secret(secured.uri(quote_plus(user), quote_plus(password))))
    return Primary(uri, SystemClock(), Task(), 0)


def test_a_user_that_only_reads_is_refused_before_anything_is_written(secured):
    with closing(primary_of(secured, "reader", "reader")) as primary:
        with pytest.raises(MissingPrivileges, match="no right on 'app' to insert") as raised:
            check_rights(primary, ["app"])
        assert "grant the user restore" in raised.value.hint
        assert standing_of(primary).version.startswith("6.0")


def test_root_may(secured):
    with closing(primary_of(secured, "root", "root")) as primary:
        check_rights(primary, ["app", "new"])


def test_a_wrong_password_is_told_and_not_tried_again(secured):
    with (
        closing(primary_of(secured, "root", "wrong")) as primary,
        pytest.raises(AuthenticationFailed),
    ):
        primary.run("admin", {"ping": 1})
