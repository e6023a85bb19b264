"""A store that somebody has written into who means harm: refused, told, and nothing touched."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.metadata.codec import to_document
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.recovery.checks import checked_deployment, is_own_head, is_sane
from mmsconsole.stores.blocks.packs import PackBuilder, read_index
from mmsconsole.stores.catalogue import CatalogueWriter, catalogue_key
from mmsconsole.stores.framing import MANIFEST, frame, optime_document
from tests.metadata.records import NOW, later
from tests.recovery.conftest import Stand, at, body
from tests.support.manifests import made
from tests.support.snapshots import deployment_record, pack_keys, snapshot_record

HEADER = {"engine": "evil", "at": NOW, "schema": 1, "without_password": []}


def plant(stand: Stand, *records: tuple[str, dict[str, Any]], **header: Any) -> str:
    """A catalogue newer than all others."""
    key = catalogue_key("evil", later(10**9), "ab")
    with CatalogueWriter(HEADER | header) as writer:
        for collection, record in records:
            writer.add(collection, record)
        writer.store(stand.storage, key)
    return key


def deployment(**changes: Any) -> tuple[str, dict[str, Any]]:
    return "deployments", to_document(deployment_record()) | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"_id": "../../etc"},
        {"_id": 7},
        {"_id": ""},
        {"group": "a/b"},
        {"created_at": "yesterday"},
        {"oplog_from": {"t": -5, "i": 1}},
        {"backup": "frozen"},
    ],
    ids=str,
)
def test_a_deployment_that_can_not_be_is_left_out(stand: Stand, changes: Any) -> None:
    plant(stand, deployment(**changes))

    report = stand.rebuilt()

    assert list(stand.metadata.deployments.all()) == []
    assert report.told


def test_a_name_can_not_steer_a_terminal(stand: Stand) -> None:
    plant(stand, deployment(name="\x1b[31m"))

    stand.rebuilt()

    assert stand.found.name == "found-d1"


def test_two_deployments_can_not_have_one_name(stand: Stand) -> None:
    plant(stand, deployment(), deployment(_id="d2", set_id="other"))

    report = stand.rebuilt()

    assert report.deployments == ["shop-d1", "shop-d1-d2"]


def test_two_deployments_can_not_back_up_one_replica_set(stand: Stand) -> None:
    plant(stand, deployment(), deployment(_id="d2", name="other"))

    report = stand.rebuilt()

    assert report.deployments == ["shop-d1"]
    assert any("d2" in told for told in report.told)


@pytest.mark.parametrize(
    "record",
    [
        ("snapshots", {"_id": "s1", "deployment": "d1", "head": "h1", "created_at": 5}),
        ("snapshots", {"_id": "s1", "deployment": "d1"}),
        ("policies", {"_id": "d1", "keys": {"daily": 10**9}}),
        ("policies", {"_id": "d1", "keys": {"delete_all": 1}}),
        ("window_ends", {"_id": "w", "deployment": "d1", "at": {"t": 1 << 40, "i": 0}}),
    ],
    ids=str,
)
def test_a_record_that_can_not_be_is_left_out_and_told(stand: Stand, record: Any) -> None:
    plant(stand, deployment(), record)

    report = stand.rebuilt()

    assert report.deployments == ["shop-d1"]
    assert stand.metadata.database[record[0]].find_one({"_id": record[1]["_id"]}) is None
    assert any("left out" in told for told in report.told)


def test_records_of_nobody_are_not_taken(stand: Stand) -> None:
    plant(
        stand, deployment(),
        ("jobs", {"_id": "j1", "kind": "removal", "deployment": "d1"}),
        ("engines", {"_id": "e1"}),
        ("nonsense", {"_id": "n"}),
        ("snapshots", to_document(snapshot_record("s9", NOW, deployment="d9"))),
    )  # fmt: skip

    stand.rebuilt()

    names = ("jobs", "engines", "nonsense", "snapshots")
    assert [stand.metadata.database[name].count_documents({}) for name in names] == [0, 0, 0, 0]


def test_a_manifest_key_that_leads_elsewhere_is_not_believed(stand: Stand) -> None:
    snapshot = stand.snapshot("s1", 12)
    record = to_document(snapshot) | {"manifest_key": "packs/default/aa/aa.pack"}
    plant(stand, deployment(), ("snapshots", record))

    stand.rebuilt()

    assert stand.metadata.snapshots.get("s1").state == "failed"


def test_a_head_in_a_folder_of_somebody_else_is_not_touched(stand: Stand) -> None:
    theirs = stand.folder / "theirs"
    theirs.mkdir()
    (theirs / "WiredTiger.wt").write_bytes(b"precious")
    stand.chunks(body(10, 15))
    stand.snapshot("s1", 12)
    head = Head("h1", "d1", str(theirs), "6.0.5", "6.0", NOW, SyncPhase.IN_SYNC, at(1))
    plant(stand, deployment(head="h1"), ("heads", to_document(head)))

    stand.rebuilt()

    found = stand.metadata.heads.get("h1")
    assert Path(found.path).parent == stand.resources.settings.head_folders[0]
    assert found.phase is SyncPhase.REBUILDING


def test_a_head_is_ours_only_in_a_folder_of_heads(tmp_path: Path) -> None:
    def is_own(id_: str, path: str) -> bool:
        head = Head(id_, "d1", path, "6.0.5", "6.0", NOW)
        return is_own_head(head, [tmp_path / "heads"])

    assert is_own("h1", f"{tmp_path}/heads/h1")
    assert not is_own("h1", f"{tmp_path}/heads/h2")
    assert not is_own("..", f"{tmp_path}/heads/..")
    assert not is_own("h1", "/etc")


def test_a_catalogue_of_a_newer_program_is_passed_over(stand: Stand) -> None:
    stand.back_up()
    key = plant(stand, schema=999)

    report = stand.rebuilt()

    assert report.deployments == ["shop-d1"]
    assert any(key in told and "999" in told for told in report.told)


def test_what_else_lies_in_the_store_is_not_looked_at(stand: Stand) -> None:
    for key in (
        "manifests/readme", "manifests/d1/sub/s1.a.manifest", "packs/default/notes.txt",
        "catalogue/notes", "strange/thing",
    ):  # fmt: skip
        stand.storage.put(key, [b"x" * 100])
    stand.snapshot("s1", 12)
    stand.back_up()

    report = stand.rebuilt()

    assert (report.deployments, report.snapshots) == (["shop-d1"], 1)


@pytest.mark.parametrize("size", [0, 10, 300])
def test_a_manifest_of_nonsense_is_told(stand: Stand, size: int) -> None:
    stand.back_up()
    key = "manifests/d1/s5.aa.manifest"
    stand.storage.put(key, [(frame(MANIFEST, {"snapshot": "s5"}) + bytes(400))[:size]])

    report = stand.rebuilt()

    assert any(key in told for told in report.told)
    assert stand.metadata.snapshots.find("s5") is None


def test_a_manifest_under_another_ones_name_is_told(stand: Stand) -> None:
    data = stand.storage.get(stand.snapshot("s1", 12).manifest_key)
    stand.back_up()
    stand.storage.put("manifests/d1/s2.aa.manifest", [data])

    report = stand.rebuilt()

    assert stand.metadata.snapshots.find("s2") is None
    assert any("s2.aa" in told for told in report.told)


@pytest.mark.parametrize("lie", ["snapshot", "deployment"])
def test_a_manifest_that_tells_of_another_one_is_not_believed(stand: Stand, lie: str) -> None:
    header = {
        "block_bytes": 256 * 1024, "group": "default",
        "snapshot": {
            "id": "s5", "head": "h1", "created_at": NOW, "optime": optime_document(at(12)),
            "replay_from": None, "mongod_version": "6.0.5", "fcv": "6.0",
        },
        "deployment": {"id": "d1"},
    }  # fmt: skip
    stand.back_up()
    lying = header | {lie: header[lie] | {"id": "other"}}
    made(stand.storage, "manifests/d1/s5.aa.manifest", lying, [], [])

    report = stand.rebuilt()

    assert stand.metadata.snapshots.find("s5") is None
    assert any("s5.aa.manifest: tells of another" in told for told in report.told)


def test_a_pack_that_was_exchanged_is_not_built_on(stand: Stand) -> None:
    stand.snapshot("s1", 12)
    stand.back_up()
    (old,) = pack_keys(stand.storage)
    index = read_index(stand.storage, old)
    other = PackBuilder("default", index.header["pack"])
    other.add(index.places[0].hash, b"not what it says", 500)
    stand.storage.put(old, other.parts())

    report = stand.rebuilt()

    assert {one["r"] for one in stand.places().values()}.isdisjoint(
        place.raw_bytes for place in index.places
    )
    assert any(old in told for told in report.told)


def test_a_sane_record_has_times_with_zones_and_positions_in_bounds() -> None:
    good = deployment_record()
    assert is_sane(good)
    assert not is_sane(replace(good, created_at=NOW.replace(tzinfo=None)))
    assert not is_sane(replace(good, created_at=None))  # type: ignore[arg-type]
    assert not is_sane(replace(good, oplog_from=at(1 << 33)))


def test_a_deployment_is_bound_to_the_store_where_it_was_found() -> None:
    def checked(**changes: Any) -> Deployment:
        found = checked_deployment(replace(deployment_record(), **changes), "offsite", set())
        assert found is not None
        return found

    assert checked(store="default", copy_to="offsite").store == "offsite"
    assert checked(store="default", copy_to="offsite").copy_to == ""
    assert checked(copy_to="third").copy_to == "third"
    assert checked(block_bytes=7).block_bytes == 256 * 1024
    assert checked(backup=BackupState.STARTED).backup is BackupState.STOPPED
    assert checked(backup=BackupState.INACTIVE).backup is BackupState.INACTIVE
