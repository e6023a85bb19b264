"""Whether two restores would write to one place."""

from dataclasses import replace
from typing import Any

import pytest

from mmsconsole.metadata.targets import WHOLE, Selection, Target, TargetKind
from mmsconsole.operations.restore_clashes import Place, clash

FOLDER, TAR, ARCHIVE, DUMP = (
    Target(kind, path="/srv/r")
    for kind in (TargetKind.FOLDER, TargetKind.TAR, TargetKind.ARCHIVE, TargetKind.DUMP)
)
SSH = Target(TargetKind.SSH, host="db1", path="/srv/r")
LIVE, LINK = Target(TargetKind.LIVE), Target(TargetKind.LINK)


def at(target: Target, path: str) -> Target:
    return replace(target, path=path)


@pytest.mark.parametrize(
    ("one", "other", "clashes"),
    [
        (FOLDER, FOLDER, True),
        (FOLDER, at(FOLDER, "/srv/r/deeper"), True),
        (FOLDER, at(FOLDER, "/srv/r2"), False),
        (TAR, TAR, True),
        (TAR, ARCHIVE, True),
        (TAR, at(TAR, "/srv/r.sha256"), True),
        (TAR, at(TAR, "/srv/other"), False),
        (FOLDER, at(TAR, "/srv/r/x.tar"), True),
        (FOLDER, at(TAR, "/srv/x.tar"), False),
        (DUMP, at(FOLDER, "/srv"), True),
        (at(TAR, "/srv/x/../r"), TAR, True),
        (SSH, SSH, True),
        (SSH, replace(SSH, host="DB1"), True),
        (SSH, replace(SSH, host="db2"), False),
        (SSH, replace(SSH, port=2222), False),
        (SSH, at(SSH, "/srv/r/deeper"), True),
        (SSH, at(SSH, "/srv/r2"), False),
        (SSH, FOLDER, False),
        (LINK, LINK, False),
    ],
)
def test_by_where_they_write(one: Target, other: Target, clashes: bool) -> None:
    assert clash(Place(one, WHOLE), Place(other, WHOLE)) is clashes
    assert clash(Place(other, WHOLE), Place(one, WHOLE)) is clashes


def some(*namespaces: str, **more: Any) -> Selection:
    return Selection(namespaces=namespaces, users=False, **more)


@pytest.mark.parametrize(
    ("one", "other", "clashes"),
    [
        (WHOLE, WHOLE, True),
        (WHOLE, some("a"), True),
        (some("a"), some("a"), True),
        (some("a"), some("a.b"), True),
        (some("a.b"), some("a.c"), False),
        (some("a"), some("b"), False),
        (some("a", renames=(("a", "b"),)), some("b"), True),
        (some("a", renames=(("a", "c"),)), some("b", renames=(("b", "d"),)), False),
        (some("a", renames=(("a.x", "b.y"),)), some("b.y"), True),
        (replace(some("a"), users=True), replace(some("b"), users=True), True),
    ],
)
def test_by_the_namespaces_of_what_runs(one: Selection, other: Selection, clashes: bool) -> None:
    seeds = frozenset({"db1:27017", "db2:27017"})
    mine, theirs = Place(LIVE, one, seeds), Place(LIVE, other, frozenset({"db2:27017"}))
    assert clash(mine, theirs) is clash(theirs, mine) is clashes
    assert not clash(mine, replace(theirs, seeds=frozenset({"db9:27017"})))
