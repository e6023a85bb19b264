"""In which order collections are looked at."""

from mmsconsole.metadata.witnesses import UNCOUNTED, Witnessed
from mmsconsole.verification.examining import largest_first


def _held(documents: int, kind: str = "collection") -> Witnessed:
    return Witnessed(kind, "", documents, "", "", "")


def test_the_largest_is_begun_first_and_what_could_not_be_counted_counts_as_larger() -> None:
    held = {
        "a.few": _held(3), "a.many": _held(1000), "a.uncounted": _held(UNCOUNTED),
        "a.view": _held(UNCOUNTED, "view"), "a.gone": _held(7),
    }  # fmt: skip

    names = ["a.few", "a.many", "a.new", "a.uncounted", "a.view"]

    assert largest_first(names, held) == ["a.uncounted", "a.many", "a.few", "a.new", "a.view"]


def test_without_a_witness_they_go_by_name() -> None:
    assert largest_first(["b.c", "a.d", "a.c"], {}) == ["a.c", "a.d", "b.c"]
