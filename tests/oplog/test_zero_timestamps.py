"""What is sent behind a whole document, so that its Timestamp(0, 0) stays."""

import bson
import pytest
from bson.timestamp import Timestamp

from mmsconsole.oplog.decide import decide
from mmsconsole.oplog.decisions import APPLY, Rewrite
from mmsconsole.oplog.entry import peek
from mmsconsole.oplog.zero_timestamps import setting_zeros, zero_fields

ZERO = Timestamp(0, 0)


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ({"_id": 1, "a": 0.0}, []),
        ({"_id": 1, "a": ZERO}, [b"a"]),
        ({"_id": ZERO, "a": 1}, []),
        ({"_id": 1, "a": {"b": ZERO}}, []),
        ({"_id": 1, "a": Timestamp(0, 1)}, []),
        ({"_id": 1, "a": ZERO, "$x.y": ZERO}, [b"a", b"$x.y"]),
        ({"_id": 1, "a": bson.Int64(0), "b": 0.0}, []),
    ],
)
def test_only_top_level_zeros_beside_the_id_count(
    document: dict[str, object], names: list[bytes]
) -> None:
    assert zero_fields(bson.encode(document), 0) == names


def test_the_operation_is_a_diff_of_the_same_document() -> None:
    document = bson.encode({"_id": {"b": 1, "a": 2}, "x": ZERO})

    operation = bson.decode(setting_zeros(b"shop.c", bytes(range(16)), document, 0, [b"x"]))

    assert operation["op"] == "u"
    assert operation["ns"] == "shop.c"
    assert operation["ui"] == bson.Binary(bytes(range(16)), 4)
    assert operation["o"] == {"$v": 2, "diff": {"u": {"x": ZERO}}}
    assert list(operation["o2"]["_id"]) == ["b", "a"]


@pytest.mark.parametrize(
    ("op", "o", "o2", "mended"),
    [
        ("i", {"_id": 1, "x": ZERO}, None, True),
        ("u", {"_id": 1, "x": ZERO}, {"_id": 1}, True),
        ("u", {"$v": 2, "diff": {"u": {"x": ZERO}}}, {"_id": 1}, False),
        ("d", {"_id": 1, "x": ZERO}, None, False),
        ("i", {"_id": 1, "x": 0.0}, None, False),
    ],
)
def test_whole_documents_with_a_zero_are_followed_by_the_diff(
    op: str, o: dict[str, object], o2: dict[str, object] | None, *, mended: bool
) -> None:
    fields = {"op": op, "ns": "shop.c", "ui": bson.Binary(bytes(16), 4), "o": o}
    entry = bson.encode(fields | ({"o2": o2} if o2 else {}) | {"ts": Timestamp(5, 1), "t": 1})

    decision = decide(peek(entry, 0, len(entry)))

    if not mended:
        assert decision is APPLY
        return
    assert isinstance(decision, Rewrite)
    first, behind = decision.operations
    assert first == entry
    assert bson.decode(behind)["o"]["diff"] == {"u": {"x": ZERO}}


def test_the_image_of_a_find_and_modify_is_not_asked_for() -> None:
    fields = {"op": "u", "ns": "shop.c", "o": {"$v": 2, "diff": {"u": {"a": 1}}}, "o2": {"_id": 1}}
    entry = bson.encode(
        {"lsid": {"id": 1}, "txnNumber": bson.Int64(1), **fields, "needsRetryImage": "preImage",
         "stmtId": 0, "ts": Timestamp(5, 1), "t": bson.Int64(1)}
    )  # fmt: skip

    decision = decide(peek(entry, 0, len(entry)))

    assert isinstance(decision, Rewrite)
    (operation,) = map(bson.decode, decision.operations)
    assert "needsRetryImage" not in operation
    assert operation["o2"] == {"_id": 1}
