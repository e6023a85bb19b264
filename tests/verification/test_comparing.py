"""What is compared, and what is left out."""

import pytest

from mmsconsole.metadata.witnesses import UNCOUNTED, Witnessed
from mmsconsole.verification.comparing import differences, not_compared

HELD = Witnessed("collection", "md5", 3, "options", "indexes", "uuid")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"md5": "other"}, "its documents differ"),
        ({"md5": "other", "documents": 2}, "3 documents in the head, 2 restored"),
        ({"documents": 2}, "3 documents in the head, 2 restored"),
        ({"options": "other"}, "its options differ"),
        ({"indexes": "other"}, "its indexes differ"),
        ({"uuid": "other"}, "its UUID is another one"),
        ({"kind": "view"}, "it was a collection in the head, and is a view"),
        ({"md5": "", "documents": UNCOUNTED}, None),  # not looked at
    ],
)
def test_each_thing_that_differs_is_said(changes: dict[str, object], said: str | None) -> None:
    found = differences({"app.c": HELD}, {"app.c": HELD._replace(**changes)})  # type: ignore[arg-type]
    assert found == ([] if said is None else [f"app.c: {said}"])


def test_what_is_missing_and_what_is_too_much_is_said() -> None:
    assert differences({"app.c": HELD}, {"app.d": HELD}) == [
        "app.c is missing", "app.d was not in the head",
    ]  # fmt: skip


def test_what_the_head_had_no_time_for_is_not_compared_and_that_is_said() -> None:
    unhashed = HELD._replace(md5="")
    uncounted = unhashed._replace(documents=UNCOUNTED)
    view = Witnessed("view", "", UNCOUNTED, "options", "indexes", "")
    assert differences({"app.c": unhashed}, {"app.c": HELD}) == []
    assert differences({"app.c": unhashed}, {"app.c": HELD._replace(documents=2)}) != []
    assert differences({"app.c": uncounted}, {"app.c": HELD}) == []
    assert not_compared({"a.c": HELD, "a.d": unhashed, "a.e": uncounted, "a.v": view}) == [
        "a.d: only its count, options and indexes were compared",
        "a.e: only its options and indexes were compared",
    ]
