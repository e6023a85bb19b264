"""Blocks of damaged packs come again from the copy, from the head, from other packs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mmsconsole.errors import StorageError
from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.database import Metadata
from mmsconsole.storage.base import Storage
from mmsconsole.storage.encryption.encrypted import EncryptedStorage
from mmsconsole.storage.encryption.master_key import MasterKey
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.blocks.block import hash_of
from mmsconsole.stores.blocks.moved import moved_key
from mmsconsole.stores.blocks.packs import read_index
from tests.support.damaged import Stand, flip, make_copy, put_head
from tests.support.faulty import FaultyStorage
from tests.support.history import History, blocks
from tests.support.snapshots import half_random, pack_keys

Hurt = Callable[[Storage, str], None]


pytestmark = pytest.mark.usefixtures("small_packs")


@pytest.fixture
def history(storage: FaultyStorage, metadata: Metadata, tmp_path: Path) -> History:
    """Two snapshots: of each four blocks of the first, two are in the second and in the head."""
    made = History(storage, metadata, tmp_path)
    first = made.take("s1", {"a": blocks(*range(8)), "b": half_random(50, 5000)})
    made.take("s2", {"a": blocks(0, 11, 2, 13, 4, 15, 6, 17), "b": half_random(50, 5000)}, first)
    put_head(metadata, made.id, "h1", tmp_path / f"root-{made.id}-s2")
    return made


@pytest.fixture
def second(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "offsite")


@pytest.fixture
def stand(history: History, second: LocalStorage) -> Stand:
    return Stand(history, second)


@pytest.fixture
def pack(history: History, metadata: Metadata) -> Pack:
    """The one with the blocks 0, 1, 2, 3."""
    (found,) = (
        one for one in metadata.packs.all() if history.used("s1").get(one.id) == 0b1111
        and history.used("s2").get(one.id) == 0b0101 and block_of(history, one, 0) == blocks(0)
    )  # fmt: skip
    return found


def block_of(history: History, pack: Pack, number: int) -> bytes | None:
    place = read_index(history.storage, pack.key).places[number]
    return next((blocks(n) for n in range(20) if hash_of(blocks(n)) == place.hash), None)


def at_block(number: int) -> Hurt:
    def hurt(storage: Storage, key: str) -> None:
        flip(storage, key, read_index(storage, key).places[number].offset + 50)

    return hurt


def delete(storage: Storage, key: str) -> None:
    storage.delete(key)


def shorten(storage: Storage, key: str) -> None:
    data = storage.get(key)
    storage.put(key, [data[: len(data) // 2]])


def at_end(offset: int) -> Hurt:
    return lambda storage, key: flip(storage, key, offset)


OUTSIDE_OF_BLOCKS = {
    "header": at_end(5), "frame": at_end(21), "index": at_end(-80), "trailer": at_end(-56),
    "digest": at_end(-1),
}  # fmt: skip
INSIDE = {"block 0": at_block(0), "block 2": at_block(2)}
LOST = {"missing": delete, "truncated": shorten}


@pytest.mark.parametrize("name", OUTSIDE_OF_BLOCKS)
def test_a_pack_whose_blocks_are_right_is_made_again_from_itself(
    name: str, stand: Stand, history: History, pack: Pack
) -> None:
    whole = history.storage.get(pack.key)
    OUTSIDE_OF_BLOCKS[name](history.storage, pack.key)
    assert stand.wrong() == [pack.key]

    (remedy,) = stand.repair()

    assert (remedy.source, remedy.left) == ("its own blocks", "")
    assert history.storage.get(pack.key) == whole
    assert stand.wrong() == []


@pytest.mark.parametrize("name", INSIDE)
def test_a_wrong_block_is_taken_again_from_the_head(
    name: str, stand: Stand, history: History, pack: Pack
) -> None:
    whole = history.storage.get(pack.key)
    INSIDE[name](history.storage, pack.key)

    (remedy,) = stand.repair()

    assert (remedy.source, remedy.left) == ("the head's files", "")
    assert history.storage.get(pack.key) == whole
    assert stand.wrong() == []
    history.check()


@pytest.mark.parametrize("name", [*OUTSIDE_OF_BLOCKS, *INSIDE, *LOST, "block 1"])
def test_a_pack_is_taken_from_the_copy(
    name: str, stand: Stand, history: History, pack: Pack, second: LocalStorage
) -> None:
    make_copy(history, second)
    whole = history.storage.get(pack.key)
    hurt = {**OUTSIDE_OF_BLOCKS, **INSIDE, **LOST, "block 1": at_block(1)}[name]
    hurt(history.storage, pack.key)
    assert stand.wrong() == [pack.key]

    (remedy,) = stand.repair()

    assert (remedy.source, remedy.left) == ("the store offsite", "")
    assert history.storage.get(pack.key) == whole
    assert stand.wrong() == []


def test_two_copies_that_are_wrong_in_different_blocks_make_a_right_one(
    stand: Stand, history: History, pack: Pack, second: LocalStorage
) -> None:
    make_copy(history, second)
    whole = history.storage.get(pack.key)
    at_block(1)(history.storage, pack.key)
    at_block(3)(second, pack.key)

    (remedy,) = stand.repair()

    assert remedy.left == ""
    assert history.storage.get(pack.key) == whole
    assert [one.left for one in stand.repair([pack.key], "offsite")] == [""]
    assert second.get(pack.key) == whole


@pytest.mark.parametrize("name", LOST)
def test_what_the_head_still_has_of_a_lost_pack_serves_the_snapshots_that_need_no_more(
    name: str, stand: Stand, history: History, pack: Pack, metadata: Metadata
) -> None:
    LOST[name](history.storage, pack.key)

    (remedy,) = stand.repair()

    assert remedy.source == "the head's files" or name == "truncated"
    assert remedy.snapshots == ("s1",)
    assert "blocks that snapshots need are nowhere any more" in remedy.left
    assert stand.wrong() == [pack.key], "it is not forgotten"
    expected = history.expected.pop("s1")
    metadata.snapshots.set("s1", state="invalid")
    history.check()
    # and once nobody needs what was lost:
    history.expected["s1"] = expected
    history.forget("s1")
    history.groom()
    assert stand.wrong() == []
    history.check()


def test_of_a_lost_pack_of_which_nothing_is_left_no_source_is_named(
    stand: Stand, history: History, pack: Pack, metadata: Metadata
) -> None:
    history.storage.delete(pack.key)
    metadata.heads.remove("h1")

    (remedy,) = stand.repair(dry=True)

    assert remedy.source == ""
    assert "are nowhere any more" in remedy.left


def test_a_pack_that_can_not_be_the_same_again_has_its_blocks_moved(
    stand: Stand, history: History, pack: Pack, metadata: Metadata
) -> None:
    """Its dead blocks are nowhere: nobody needs them."""
    history.forget("s1")
    history.storage.delete(pack.key)

    (remedy,) = stand.repair()

    assert (remedy.source, remedy.left) == ("the head's files", "")
    history.check()
    assert history.groom().damaged == ()
    assert metadata.packs.get(pack.id).dropped
    assert stand.wrong() == []
    history.check()
    history.take("s3", {"a": blocks(0, 2)}, metadata.snapshots.get("s2"))
    assert sum(one.bytes for one in history.storage.list("packs")) == history.stored_bytes()
    history.check()


def test_a_damaged_pack_that_nobody_needs_goes(
    stand: Stand, history: History, pack: Pack, metadata: Metadata
) -> None:
    history.forget("s1")
    history.forget("s2")
    history.storage.delete(pack.key)

    (remedy,) = stand.repair()

    assert remedy.source == "nothing: no snapshot needs it"
    history.groom()
    assert stand.wrong() == []


@pytest.mark.parametrize("how", ["missing", "flipped"])
def test_a_list_of_moved_blocks_is_made_again(
    how: str, stand: Stand, history: History, metadata: Metadata
) -> None:
    history.forget("s1")
    history.groom()
    lists = [moved_key(one.key) for one in metadata.packs.all({"dropped": True})]
    assert lists
    for key in lists:
        if how == "missing":
            history.storage.delete(key)
        else:
            flip(history.storage, key, -70)
    assert stand.wrong() == sorted(lists)

    remedies = stand.repair()

    assert {(one.source, one.left) for one in remedies} == {("other packs", "")}
    assert stand.wrong() == []
    history.check()
    history.groom()


def test_a_list_comes_from_the_copy_where_nothing_else_tells_of_its_blocks(
    stand: Stand, history: History, metadata: Metadata, second: LocalStorage
) -> None:
    history.forget("s1")
    history.groom()
    make_copy(history, second)
    metadata.blocks.collection.delete_many({})
    (*_, pack) = metadata.packs.all({"dropped": True})
    history.storage.delete(moved_key(pack.key))

    (remedy,) = stand.repair()

    assert remedy.left == ""
    assert stand.wrong() == []
    history.check()


def forget_index(metadata: Metadata, pack: Pack) -> None:
    """As a rebuild leaves the record of a pack whose own index it could not read."""
    metadata.packs.set(pack.id, blocks=0, sizes=b"")


def test_a_list_of_a_pack_that_a_rebuild_found_gone_comes_from_the_copy(
    stand: Stand, history: History, metadata: Metadata, second: LocalStorage
) -> None:
    """It tells of more blocks than snapshots need now, and nothing else knows those."""
    history.take("s3", {"a": blocks(0)}, metadata.snapshots.get("s2"))
    history.forget("s1")
    history.groom()
    make_copy(history, second)
    history.forget("s2")
    used = history.used("s3")
    dropped = [one for one in metadata.packs.all({"dropped": True}) if one.id in used]
    assert dropped
    for pack in dropped:
        forget_index(metadata, pack)
        history.storage.delete(moved_key(pack.key))

    remedies = stand.repair()

    assert [one.left for one in remedies] == [""] * len(dropped)
    assert stand.wrong() == []
    history.check()


@pytest.mark.parametrize("damage", ["index", "missing"])
def test_of_a_pack_that_was_damaged_before_a_rebuild_what_is_somewhere_is_had_again(
    damage: str, stand: Stand, history: History, pack: Pack, metadata: Metadata
) -> None:
    """Manifests tell where its blocks lie in it."""
    if damage == "missing":
        history.storage.delete(pack.key)
    else:
        flip(history.storage, pack.key, -80)
    forget_index(metadata, pack)

    (remedy,) = stand.repair()

    lost = ("s1",) if damage == "missing" else ()
    assert remedy.snapshots == lost
    for id_ in lost:
        history.forget(id_)
    history.groom()
    assert stand.wrong() == []
    history.check()


def test_a_list_that_can_not_tell_of_all_blocks_stays_a_finding_until_nobody_needs_them(
    stand: Stand, history: History, metadata: Metadata, tmp_path: Path
) -> None:
    history.take("s3", {"a": blocks(0)})
    history.forget("s1")
    history.groom()
    lists = {moved_key(one.key): one.key for one in metadata.packs.all({"dropped": True})}
    (tmp_path / f"root-{history.id}-s2" / "a").write_bytes(blocks(0, 11, 60, 13, 61, 15, 62, 17))
    metadata.blocks.collection.delete_many({})
    for key in lists:
        history.storage.delete(key)

    remedies = stand.repair()

    left = [one for one in remedies if one.left]
    assert [one.snapshots for one in left] == [("s2",)] * len(left)
    assert stand.wrong() == sorted(lists[one.key] for one in left)
    history.forget("s2")
    history.groom()
    assert stand.wrong() == []
    history.check()


def test_of_an_encrypted_pack_everything_but_the_wrong_piece_is_used(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path
) -> None:
    encrypted = EncryptedStorage(storage, MasterKey(bytes(range(32))))
    history = History(encrypted, metadata, tmp_path)
    history.take("s1", {"a": blocks(*range(8))})
    put_head(metadata, history.id, "h1", tmp_path / f"root-{history.id}-s1")
    stand = Stand(history, LocalStorage(tmp_path / "none"))
    key = pack_keys(encrypted)[0]
    whole = encrypted.get(key)
    flip(storage, key, 70_000)
    assert stand.wrong() == [key]

    (remedy,) = stand.repair()

    assert (remedy.source, remedy.left) == ("the head's files", "")
    assert encrypted.get(key) == whole


def test_a_dry_run_says_the_same_and_changes_nothing(
    stand: Stand, history: History, pack: Pack, metadata: Metadata
) -> None:
    history.storage.delete(pack.key)
    before = [one.key for one in history.storage.list("")]
    records = list(metadata.packs.all())

    planned = stand.repair(dry=True)

    assert [one.key for one in history.storage.list("")] == before
    assert list(metadata.packs.all()) == records
    assert stand.repair() == planned


@pytest.mark.parametrize("method", ["put", "get_range", "size"])
def test_a_repair_that_is_broken_off_anywhere_is_done_again(
    method: str, stand: Stand, history: History, pack: Pack, storage: FaultyStorage,
    metadata: Metadata,
) -> None:  # fmt: skip
    history.forget("s1")
    storage.delete(pack.key)
    for nth in range(1, 40):
        storage.heal()
        storage.fail(method, nth)
        try:
            stand.repair([pack.key])
        except StorageError:
            continue
        finally:
            storage.heal()
        if nth > 1:
            break
    history.check()
    history.groom()
    assert stand.wrong() == []
    history.check()


def test_a_wrong_block_that_was_put_elsewhere_is_found_while_its_pack_is_still_there(
    stand: Stand, history: History, pack: Pack, metadata: Metadata
) -> None:
    """A cut that may refer to the pack keeps it."""
    history.forget("s1")
    at_block(1)(history.storage, pack.key)  # a dead one: it can not be the same again
    at_block(2)(history.storage, pack.key)

    (remedy,) = stand.repair()

    assert remedy.left == ""
    assert pack.key in history.packs()
    history.check()
    history.groom()
    assert pack.key not in history.packs()
    assert stand.wrong() == []
    history.check()


def test_a_changed_head_gives_nothing(
    stand: Stand, history: History, pack: Pack, tmp_path: Path
) -> None:
    (tmp_path / f"root-{history.id}-s2" / "a").write_bytes(blocks(*range(60, 68)))
    history.storage.delete(pack.key)

    (remedy,) = stand.repair()

    assert (remedy.snapshots, remedy.left[:6]) == (("s1", "s2"), "4 of 4")
