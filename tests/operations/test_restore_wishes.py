"""What people may wish of a restore, and what is refused before anything is looked at."""

from pathlib import Path
from typing import Any

import pytest

from mmsconsole.errors import MmsError, NotFound, Refused, UsageError
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.targets import WHOLE, Selection, Target, TargetKind
from mmsconsole.operations import restore_wishes
from mmsconsole.operations.desk import Actor, Desk
from mmsconsole.operations.restore_wishes import RestoreWish, seeds_of, settled
from mmsconsole.operations.restore_words import what_of, where_to
from mmsconsole.restore.delivery.base import Delivery
from mmsconsole.restore.room import disk_of
from mmsconsole.secret import Secret
from mmsconsole.settings import Settings
from tests.operations.records import FakeSources, SteppingClock

SSH = {"kind": TargetKind.SSH, "host": "db1.example", "user": "ada", "path": "/srv/r"}
LINK = {"kind": TargetKind.LINK}
URI = Secret("mongodb://ada:hunter2@db1:27017,db2/?replicaSet=rs0")


@pytest.fixture
def desk(
    metadata: Metadata, settings: Settings, wall_clock: SteppingClock, sources: FakeSources,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:  # fmt: skip
    monkeypatch.setattr(restore_wishes, "delivery_class", lambda target: Delivery)
    return Desk(metadata, settings, wall_clock, Actor("ada"), sources, disk_of)


def settle(desk: Desk, **fields: Any) -> Target:
    secret = fields.pop("secret", None)
    selection = fields.pop("selection", WHOLE)
    wish = RestoreWish("shop", Target(**fields), selection=selection, secret=secret)
    return settled(desk, wish).target


@pytest.mark.parametrize("kind", ["folder", "tar", "archive", "dump"])
def test_paths_of_this_machine_become_absolute(
    desk: Desk, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ada")
    assert settle(desk, kind=TargetKind(kind), path="x/y").path == str(tmp_path / "x/y")
    assert settle(desk, kind=TargetKind(kind), path="~/y").path == "/home/ada/y"


def test_keys_of_ssh_become_absolute_and_what_is_on_the_other_host_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    found = settle(desk, **{**SSH, "path": "~/r"}, identity="~/.ssh/id")
    assert (found.identity, found.known_hosts, found.path) == ("/home/ada/.ssh/id", "", "~/r")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": TargetKind.FOLDER, "path": ""}, "the folder has no name"),
        ({"kind": TargetKind.TAR, "path": ""}, "the file has no name"),
        ({"kind": TargetKind.TAR, "path": "a\0b"}, "NUL"),
        ({"kind": TargetKind.FOLDER, "path": "x", "compression": "gzip"}, "compressed by: none"),
        ({"kind": TargetKind.TAR, "path": "x", "compression": "lzma"}, "none, gzip, zstd"),
        ({"kind": TargetKind.ARCHIVE, "path": "x", "compression": "zstd"}, "none, gzip"),
        ({**LINK, "hours": 0}, "hours"),
        ({**LINK, "hours": 10_000}, "hours"),
        ({**LINK, "hours": float("nan")}, "hours"),
        ({**LINK, "downloads": -1}, "downloads"),
        ({**SSH, "mb_per_second": -1}, "MB per second"),
        ({**SSH, "mb_per_second": float("inf")}, "MB per second"),
        ({"kind": TargetKind.OPEN, "mb_per_second": 5}, "nothing is sent"),
        ({**SSH, "host": ""}, "no name of a host"),
        ({**SSH, "host": "-oProxyCommand=x"}, "no name of a host"),
        ({**SSH, "host": "a b"}, "no name of a host"),
        ({**SSH, "user": "-x"}, "no name of a user"),
        ({**SSH, "port": 0}, "a port"),
        ({**SSH, "port": 65536}, "a port"),
        ({**SSH, "path": ""}, "no path"),
        ({**SSH, "path": "/srv/../etc"}, "no path"),
        ({**SSH, "path": "a\0b"}, "no path"),
        ({"kind": TargetKind.LIVE}, "either a deployment or a connection string"),
        ({"kind": TargetKind.LIVE, "deployment": "x", "secret": URI}, "either"),
        ({"kind": TargetKind.LIVE, "secret": Secret("http://x")}, "mongodb://"),
    ],
)
def test_what_makes_no_sense_is_refused(desk: Desk, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        settle(desk, **fields)
    assert "hunter2" not in f"{refused.value} {refused.value.hint}"


def test_a_live_target_is_a_deployment_by_its_name_or_id(
    desk: Desk, shop: str, metadata: Metadata
) -> None:
    id_ = metadata.deployments.named(shop).id
    for named in (shop, id_):
        assert settle(desk, kind=TargetKind.LIVE, deployment=named).deployment == id_
    with pytest.raises(NotFound):
        settle(desk, kind=TargetKind.LIVE, deployment="nosuch")


def test_a_live_target_is_known_by_its_members_and_never_by_its_password(desk: Desk) -> None:
    target = settle(desk, kind=TargetKind.LIVE, secret=URI)
    seeds = seeds_of(desk, target, URI)
    assert seeds == {"db1:27017", "db2:27017"}
    assert where_to(target, "", seeds) == "db1:27017,db2:27017"
    assert where_to(target, "shop", frozenset()) == "shop"


@pytest.mark.parametrize(
    ("selection", "kind"),
    [
        (Selection(namespaces=("admin",)), Refused),
        (Selection(renames=(("a", "local"),)), Refused),
        (Selection(namespaces=("a/b",)), UsageError),
        (Selection(filters=(("a.b", "{}"),)), UsageError),
    ],
)
def test_a_selection_that_can_not_be_is_refused(
    desk: Desk, selection: Selection, kind: type[MmsError]
) -> None:
    with pytest.raises(kind):
        settle(desk, kind=TargetKind.TAR, path="x", selection=selection)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": TargetKind.TAR, "path": "/srv/r.tar"}, "/srv/r.tar"),
        (LINK, "a download link"),
        (SSH, "ada@db1.example:/srv/r"),
        ({**SSH, "user": "", "port": 2222}, "db1.example:/srv/r (port 2222)"),
    ],
)
def test_where_it_goes_is_said(fields: dict[str, Any], words: str) -> None:
    assert where_to(Target(**fields), "", frozenset()) == words


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (WHOLE, "everything"),
        (Selection(namespaces=("a", "b.c"), users=False), "'a', 'b.c'; without users and roles"),
        (
            Selection(excluded=("a",), renames=(("b", "c"),), indexes=False),
            "everything; but not 'a'; 'b' as 'c'; without indexes",
        ),
        (Selection(filters=(("a.b", '{"x": 1}'),)), "everything; of 'a.b' only {\"x\": 1}"),
    ],
)
def test_what_goes_is_said(selection: Selection, words: str) -> None:
    assert what_of(selection) == words
