"""The policy editor as a value: values, where they come from, and what is a change."""

import pytest

from mmsconsole.console.policy_editor import PolicyEditor
from mmsconsole.errors import UsageError
from mmsconsole.operations.policy_views import PolicyView
from mmsconsole.policy.policy import KEYS
from tests.support.fake_policies import FakePolicies


def view(**own: object) -> PolicyView:
    return FakePolicies(keys={None: {"weekly": 6}, "orders": dict(own)}).view("orders", {})


EDITOR = PolicyEditor(view(base_days=4))


def test_it_begins_with_what_holds_and_without_a_change() -> None:
    assert dict(EDITOR.changes) == {}
    assert EDITOR.policy == EDITOR.view.policy
    found = {key: EDITOR.source(key) for key in ("base_days", "weekly", "daily")}
    assert found == {"base_days": "deployment", "weekly": "group", "daily": "settings"}


@pytest.mark.parametrize(
    ("key", "direction", "steps", "expected"),
    [
        ("interval_minutes", 1, 1, 480),
        ("interval_minutes", -1, 1, 288),
        ("interval_minutes", 1, 9, 1440),
        ("interval_minutes", -1, 99, 0),
        ("daily", 1, 1, 15),
        ("daily", -1, 9, 0),
        ("base_days", -1, 9, 1),
        ("oplog_hours", 1, 1, 25),
        ("verify", 1, 1, "daily"),
        ("verify", 1, 9, "never"),
        ("zone", 1, 1, "UTC"),
        ("reference_hour", -1, 1, 0),
    ],
)
def test_steps_lead_over_what_is_allowed_and_stay_at_its_ends(
    key: str, direction: int, steps: int, expected: object
) -> None:
    editor = EDITOR
    for _ in range(steps):
        editor = editor.stepped(key, direction)
    assert editor.value(key) == expected


def test_a_value_of_an_old_record_steps_to_what_is_allowed() -> None:
    odd = PolicyEditor(view(daily=9, verify="sometimes"))
    assert odd.stepped("daily", 1).value("daily") == 15
    assert odd.stepped("daily", -1).value("daily") == 7
    assert odd.stepped("verify", 1) == odd


def test_back_at_the_saved_value_nothing_is_changed() -> None:
    assert EDITOR.stepped("base_days", 1).stepped("base_days", -1) == EDITOR
    assert dict(EDITOR.stepped("base_days", 1).changes) == {"base_days": 5}


def test_inheriting_is_a_change_only_of_what_is_decided_here() -> None:
    assert dict(EDITOR.inheriting("base_days").changes) == {"base_days": None}
    assert EDITOR.inheriting("base_days").value("base_days") == 2
    assert EDITOR.inheriting("base_days").source("base_days") == "above"
    assert EDITOR.inheriting("weekly") == EDITOR
    assert EDITOR.stepped("weekly", 1).inheriting("weekly") == EDITOR


def test_undo_forgets_one_change() -> None:
    changed = EDITOR.stepped("base_days", 1).stepped("weekly", 1)
    assert dict(changed.undone("base_days").changes) == {"weekly": 7}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("base_days", "x"), ("base_days", ""), ("base_days", "0"), ("base_days", "31"),
        ("daily", "8"), ("interval_minutes", "361"), ("interval_minutes", "6h"),
        ("zone", "Mars/Olympus"), ("verify", "often"), ("oplog_hours", "-1"),
    ],
)  # fmt: skip
def test_a_text_that_will_not_do_is_refused_with_what_is_allowed(key: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        EDITOR.with_text(key, text)
    assert key in caught.value.hint


def test_a_text_that_will_do() -> None:
    assert EDITOR.with_text("zone", " Europe/Berlin ").value("zone") == "Europe/Berlin"
    assert EDITOR.with_text("oplog_hours", "72").value("oplog_hours") == 72
    assert EDITOR.with_text("daily", "7") == EDITOR  # it stands there already


def test_values_that_do_not_go_together_are_a_problem_of_the_whole() -> None:
    assert EDITOR.problem is None
    wrong = EDITOR.with_value("base_days", 20)
    assert wrong.problem is not None
    assert wrong.with_value("interval_minutes", 1440).problem is None


def test_what_somebody_saved_meanwhile_comes_under_the_changes() -> None:
    changed = EDITOR.stepped("daily", 1).inheriting("base_days")
    after = changed.seen(view(daily=15, weekly=9))
    assert dict(after.changes) == {}
    assert after.value("weekly") == 9


def test_the_group_decides_over_the_settings() -> None:
    group = PolicyEditor(FakePolicies(keys={None: {"weekly": 6}}).view(None, {}))
    assert group.name is None
    assert group.is_own("weekly")
    assert group.inheriting("weekly").source("weekly") == "settings"


@pytest.mark.parametrize("key", KEYS)
def test_every_key_can_be_typed_and_stepped(key: str) -> None:
    assert EDITOR.with_text(key, str(EDITOR.value(key))) == EDITOR
    assert EDITOR.stepped(key, 1).policy is not None
