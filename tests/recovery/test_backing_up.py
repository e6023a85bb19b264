"""The metadata in the store: what belongs there, and no secret that all can read."""

from dataclasses import replace
from typing import Any

import pytest

from mmsconsole.errors import ObjectLocked
from mmsconsole.mongod.source_uri import without_secrets
from mmsconsole.secret import Secret
from mmsconsole.stores.catalogue import KEPT, Catalogue, CatalogueName, names_in
from mmsconsole.task import Task
from tests.metadata.records import NOW
from tests.recovery.conftest import Stand, at, body
from tests.support.snapshots import deployment_record


def records_in(stand: Stand, key: str) -> list[tuple[str, Any]]:
    name = CatalogueName.of(key)
    assert name is not None
    return list(Catalogue.open(stand.storage, name, Task()).records())


def test_only_what_belongs_to_the_store_is_in_it(stand: Stand) -> None:
    other = replace(deployment_record("d2"), store="offsite")
    copied = replace(deployment_record("d3"), store="offsite", copy_to="default")
    for one in (other, copied):
        stand.metadata.deployments.add(one)
    for id_ in ("d1", "d2", "d3"):
        stand.metadata.policies.change(id_, {"daily": 30}, NOW, "ann")

    found = records_in(stand, stand.back_up().key)

    names = {record["name"] for collection, record in found if collection == "deployments"}
    policies = {record["_id"] for collection, record in found if collection == "policies"}
    assert names == {"shop-d1", "shop-d3"}
    assert policies >= {"d1", "d3"}
    assert "d2" not in policies


def test_blocks_and_chunks_are_not_in_it(stand: Stand) -> None:
    stand.snapshot("s1", 12)
    stand.chunks(body(10, 15))

    found = {collection for collection, _ in records_in(stand, stand.back_up().key)}

    assert found >= {"deployments", "snapshots", "groups", "pools"}
    assert not found & {"blocks", "packs", "oplog_chunks", "jobs", "slices"}


@pytest.mark.parametrize(
    ("uri", "kept"),
    [
        ("mongodb://u:p@h1,h2:1/?replicaSet=r", "mongodb://u@h1,h2:1/?replicaSet=r"),
        ("mongodb://h1/", "mongodb://h1/"),
        ("mongodb://u:p@h/x?tlsCertificateKeyFilePassword=q&tls=true", "mongodb://u@h/x?tls=true"),
        ("mongodb://u:p@h/?authMechanismProperties=q", "mongodb://u@h/"),
        ("mongodb://u:p@q@h/", "mongodb://u@h/"),
        ("nonsense:p@h", ""),
    ],
)
def test_what_is_kept_of_a_connection_string(uri: str, kept: str) -> None:
    assert without_secrets(Secret(uri)).reveal() == kept


def test_the_newest_ones_are_kept(stand: Stand) -> None:
    made = [stand.back_up().key for _ in range(KEPT + 2)]
    stand.back_up("other")

    own = [name.key for name in names_in(stand.storage) if name.engine == "engine1"]
    assert sorted(own) == made[2:]


def test_one_that_is_locked_stays_for_now(stand: Stand) -> None:
    for _ in range(KEPT):
        stand.back_up()
    stand.storage.fail("delete", error=ObjectLocked("locked"))  # type: ignore[attr-defined]

    stand.back_up()
    assert len(names_in(stand.storage)) == KEPT + 1

    stand.back_up()
    assert len(names_in(stand.storage)) == KEPT


def test_a_head_goes_into_it(stand: Stand) -> None:
    stand.head(optime=at(3))

    found = dict(records_in(stand, stand.back_up().key))

    assert found["heads"]["_id"] == "h1"
