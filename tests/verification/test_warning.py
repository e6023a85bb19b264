"""When people are warned of what nobody has verified, and of what is bad."""

from datetime import timedelta

import pytest

from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.witnesses import Witness
from mmsconsole.verification.warning import warning_of
from tests.verification.records import NOW, snapshot, witness

LIMIT = timedelta(hours=48)


def level(verify: str, complete: list[Snapshot], witnesses: list[Witness] | None = None) -> str:
    return warning_of(verify, complete, witnesses or [], LIMIT, NOW).level.value


@pytest.mark.parametrize(
    ("verify", "complete", "expected"),
    [
        ("every", [], "ok"),
        ("every", [snapshot("a", 40)], "ok"),
        ("every", [snapshot("a", 50)], "warning"),
        ("every", [snapshot("a", 50), snapshot("b", 1)], "warning"),
        ("every", [snapshot("a", 48, "good"), snapshot("b", 1)], "ok"),
        ("every", [snapshot("a", 90), snapshot("b", 50, "good"), snapshot("c", 1)], "warning"),
        ("daily", [snapshot("a", 60, "good"), snapshot("c", 1)], "ok"),
        ("daily", [snapshot("a", 80, "good"), snapshot("c", 1)], "warning"),
        ("weekly", [snapshot("a", 200, "good")], "ok"),
        ("weekly", [snapshot("a", 230, "good")], "warning"),
        ("never", [snapshot("a", 500)], "ok"),
        ("never", [snapshot("a", 5, "bad")], "critical"),
        ("every", [snapshot("a", 9, "good"), snapshot("b", 5, "bad")], "critical"),
        ("every", [snapshot("a", 9, "bad"), snapshot("b", 5, "good")], "ok"),
    ],
)
def test_a_warning_follows_from_the_newest_verdict_and_its_age(
    verify: str, complete: list[Snapshot], expected: str
) -> None:
    assert level(verify, complete) == expected


def test_a_bad_moment_is_critical_until_a_good_one_follows() -> None:
    good = [snapshot("a", 5, "good")]
    assert level("every", good, [witness("m", 4, verdict="bad")]) == "critical"
    moments = [witness("m", 4, verdict="bad"), witness("n", 2, verdict="good")]
    assert level("every", good, moments) == "ok"


def test_it_says_what_is_bad() -> None:
    bad = snapshot("a", 5, "bad", verdict_text="app.c: its documents differ")
    text = warning_of("every", [bad], [], LIMIT, NOW).text
    assert text == "snapshot a is bad: app.c: its documents differ"
    assert "for 50 hours" in warning_of("every", [snapshot("a", 50)], [], LIMIT, NOW).text
    assert "70 hours ago" in warning_of("every", [snapshot("a", 71, "good")], [], LIMIT, NOW).text
