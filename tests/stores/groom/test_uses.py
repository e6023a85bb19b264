"""What snapshots use, followed to where it lies."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.errors import Cancelled, ObjectCorrupt
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.manifest import PackEntry
from mmsconsole.stores.blocks.moved import MovedBlock
from mmsconsole.stores.blocks.used_packs import UsedPacks
from mmsconsole.stores.groom import uses
from mmsconsole.stores.groom.uses import KnownUses, followed
from mmsconsole.task import Cancellation, Task


def entry(id_: str) -> PackEntry:
    return PackEntry(id_, f"packs/g/{id_}", 1, "")


def used(bits: dict[str, int]) -> UsedPacks:
    bitmaps = [one.to_bytes(-(-one.bit_length() // 8), "little") for one in bits.values()]
    return UsedPacks(list(bits), [1] * len(bits), bytes(32 * len(bits)), bitmaps)


def to(pack: str, number: int) -> MovedBlock:
    return MovedBlock(b"", entry(pack), 0, 1, number)


@pytest.mark.parametrize(
    ("used", "moved", "living", "reached"),
    [
        ({}, {}, {}, ""),
        ({"a": 0b101}, {}, {"a": 0b101}, "a"),
        ({"a": 0b101}, {"a": {0: to("b", 3)}}, {"a": 0b100, "b": 0b1000}, "ab"),
        ({"a": 0b100}, {"a": {0: to("b", 3)}}, {"a": 0b100}, "a"),
        ({"a": 0b1}, {"a": {0: to("b", 1)}, "b": {1: to("c", 2)}}, {"c": 0b100}, "abc"),
        ({"a": 0b1, "c": 0b1}, {"a": {0: to("c", 1)}}, {"c": 0b11}, "ac"),
        # Two that became one.
        ({"a": 0b1, "b": 0b1}, {"a": {0: to("c", 0)}, "b": {0: to("c", 0)}}, {"c": 0b1}, "abc"),
        # In a circle nothing lies anywhere; it comes to an end.
        ({"a": 0b1}, {"a": {0: to("b", 0)}, "b": {0: to("a", 0)}}, {}, "ab"),
    ],
)
def test_blocks_are_followed_to_where_they_lie(
    used: dict[str, int], moved: dict[str, dict[int, MovedBlock]], living: dict[str, int],
    reached: str,
) -> None:  # fmt: skip
    found = followed(used, lambda pack: moved.get(pack, {}))

    assert found.living == living
    assert sorted(found.reached) == list(reached)


histories = st.lists(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, (1 << 20) - 1)), max_size=6
)


@given(histories, histories)
def test_the_uses_of_some_manifests_are_those_of_each_together(
    first: list[dict[str, int]], second: list[dict[str, int]]
) -> None:
    """Asked again with others, some of them gone."""
    known, read = KnownUses(), []
    manifests = {str(number): one for number, one in enumerate([*first, *second])}

    def read_uses(_: Storage, key: str) -> UsedPacks:
        read.append(key)
        return used(manifests[key])

    keys = list(manifests)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(uses, "read_uses", read_uses)
        for some in (keys[: len(first)], keys, keys[len(first) :]):
            found = known.together(None, some, dict.fromkeys("abc", 20), Task())  # type: ignore[arg-type]
            expected: dict[str, int] = {}
            for pack, bits in itertools.chain(*(manifests[key].items() for key in some)):
                expected[pack] = expected.get(pack, 0) | bits
            assert found == expected
    assert sorted(read) == sorted(keys), "each is read once"


def test_only_what_is_asked_for_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(uses, "read_uses", lambda _, key: read.append(key) or used({}))
    known = KnownUses()

    for asked in (["a", "b"], ["b"]):
        known.together(None, asked, {}, Task())  # type: ignore[arg-type]
        known.keep(asked)
    known.together(None, ["a", "b"], {}, Task())  # type: ignore[arg-type]

    assert read == ["a", "b", "a"]


def test_a_manifest_that_uses_more_than_there_is_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uses, "read_uses", lambda *_: used({"a": 1 << 8}))

    with pytest.raises(ObjectCorrupt, match="uses blocks that a has not") as caught:
        KnownUses().together(None, ["m"], {"a": 8}, Task())  # type: ignore[arg-type]
    assert caught.value.where == "m"


def test_it_can_be_cancelled_before_every_manifest() -> None:
    cancelled = Cancellation()
    cancelled.cancel()

    with pytest.raises(Cancelled):
        KnownUses().together(None, ["m"], {}, Task(cancelled))  # type: ignore[arg-type]
