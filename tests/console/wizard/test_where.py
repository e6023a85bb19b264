"""Where to, as it is typed."""

from pathlib import Path

import pytest

from mmsconsole.console.wizard import where
from mmsconsole.console.wizard.forms import Form
from mmsconsole.errors import UsageError
from mmsconsole.metadata.targets import Target, TargetKind
from mmsconsole.operations.views import RestorePoint
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret
from tests.support.fake_data import NOW

SECOND = int(NOW.timestamp())
SRV = Path("/srv")


def point(name: str, optime: Optime, *, replayed: bool = True) -> RestorePoint:
    return RestorePoint(name, "6591", optime, replayed, "", ())


def form(kind: TargetKind, **values: str) -> Form:
    made = where.fresh(kind)
    for key, text in values.items():
        made = made.given(key, text)
    return made


@pytest.mark.parametrize(
    ("name", "optime", "replayed", "expected"),
    [
        ("orders", Optime.end_of_second(SECOND), True, "orders-20260716-120430"),
        ("orders", Optime(SECOND, 4), True, "orders-20260716-120430-4"),
        ("orders", Optime(SECOND, 4), False, "orders-20260716-120430"),
        ("../../etc", Optime(SECOND, 4), False, "etc-20260716-120430"),
        ("\x1b[2J", Optime(SECOND, 4), False, "2J-20260716-120430"),
        ("...", Optime(SECOND, 4), False, "restore-20260716-120430"),
    ],
)
def test_the_proposed_name_is_one_harmless_part_and_new_for_each_point(
    name: str, optime: Optime, replayed: bool, expected: str
) -> None:
    made = where.proposal_for(SRV, point(name, optime, replayed=replayed))
    assert made == where.Proposal(SRV, expected)


def test_a_proposed_path_follows_the_compression_until_one_is_typed() -> None:
    proposal = where.Proposal(SRV, "x")
    made = where.proposing(form(TargetKind.TAR, compression="zstd"), TargetKind.TAR, proposal)
    assert made.text("path") == "/srv/x.tar.zst"
    typed = where.proposing(made.given("path", "/y"), TargetKind.TAR, proposal)
    assert typed.text("path") == "/y"


@pytest.mark.parametrize("kind", where.KINDS)
def test_every_kind_has_rows_and_values_that_fit_an_80_cell_screen(kind: TargetKind) -> None:
    assert set(where.KINDS) == set(TargetKind)
    assert len(where.ROWS[kind]) <= 9
    for row in where.ROWS[kind]:
        assert len(row.label) <= 12
        value = where.fresh(kind).text(row.key)
        assert not row.choices or value in row.values, "a choice always has a value"


def test_what_is_typed_is_the_target() -> None:
    typed = form(TargetKind.LINK, hours="0.5", downloads="0", limit="20", compression="gzip")
    assert where.target_of(TargetKind.LINK, typed) == Target(
        TargetKind.LINK, hours=0.5, downloads=0, mb_per_second=20, compression="gzip"
    )


@pytest.mark.parametrize("kind", [kind for kind in where.KINDS if kind is not TargetKind.OPEN])
def test_what_goes_anywhere_can_be_slowed_and_is_not_by_itself(kind: TargetKind) -> None:
    values = {"path": "/srv/x", "host": "db7", "deployment": "shop"}
    typed = form(kind, **{key: values[key] for key in values if has(kind, key)})
    assert where.target_of(kind, typed).mb_per_second == 0
    assert where.target_of(kind, typed.given("limit", "2.5")).mb_per_second == 2.5
    assert typed.standing("limit").row.label == "MB/s"


def has(kind: TargetKind, key: str) -> bool:
    return key in [row.key for row in where.ROWS[kind]]


@pytest.mark.parametrize(
    ("kind", "values", "label"),
    [
        (TargetKind.FOLDER, {"path": " "}, "folder"),
        (TargetKind.DUMP, {"path": "/srv/x", "limit": ""}, "MB/s"),
        (TargetKind.OPEN, {"hours": "x"}, "hours"),
        (TargetKind.SSH, {"host": "a", "path": "b", "port": "2.5"}, "port"),
        (TargetKind.SSH, {"path": "b"}, "host"),
        (TargetKind.LIVE, {}, ""),
    ],
)
def test_a_row_that_will_not_do_is_named(
    kind: TargetKind, values: dict[str, str], label: str
) -> None:
    with pytest.raises(UsageError) as refused:
        where.target_of(kind, form(kind, **values))
    assert refused.value.where == label


def test_a_live_target_is_a_name_or_a_uri_and_not_both() -> None:
    typed = form(TargetKind.LIVE).standing("uri").typed("mongodb://u:s3cret@h/")
    assert where.target_of(TargetKind.LIVE, typed) == Target(TargetKind.LIVE)
    with pytest.raises(UsageError):
        where.target_of(TargetKind.LIVE, typed.given("deployment", "shop"))


def test_a_secret_is_in_no_text_and_is_not_kept_for_the_next_time() -> None:
    typed = form(TargetKind.LIVE, deployment="shop", standing="drop").standing("uri").typed("s3c")
    assert typed.secret("uri") == Secret("s3c")
    assert typed.text("uri") == ""
    assert "s3c" not in repr(typed)
    kept = where.remembered(typed)
    assert (kept.secrets, kept.text("deployment"), kept.text("standing")) == ({}, "shop", "refuse")
    assert typed.typed("").secret("uri") is None
    assert typed.public().secrets == {}
