"""policy show | set: what is shown first, what wants a yes, what scripts get."""

from datetime import datetime, timedelta

import pytest

from mmsconsole.operations.operations import Operations
from mmsconsole.optime import Optime
from tests.cli.terminal import Terminal
from tests.operations.records import NOW, Daemon


@pytest.fixture
def history(daemon: Daemon, synced: str) -> list[str]:
    """Six days with a snapshot at midnight, Monday the first; the ids."""
    midnights = [datetime(2026, 2, 23, tzinfo=NOW.tzinfo) + timedelta(days=day) for day in range(6)]
    ends = [Optime(int(at.timestamp()), 1) for at in [*midnights, NOW]]
    daemon.chunks(synced, *ends)
    return [
        daemon.snapshot(synced, end, created_at=at, due_at=at).id
        for at, end in zip(midnights, ends, strict=False)
    ]


def test_a_policy_is_shown_and_set_of_a_deployment_or_of_the_group(
    terminal: Terminal, shop: str
) -> None:
    of_group = terminal.run(
        "policy", "set", "--group", "--weekly", "8", "--zone", "Europe/Berlin", "--json"
    )
    assert (of_group.code, of_group.value["policy"]["weekly"]) == (0, 8)
    assert terminal.run("policy", "show", "--group", "--json").value == of_group.value
    own = terminal.run("policy", "set", shop, "--weekly", "2", "--verify", "daily", "--json")
    assert (own.value["policy"]["weekly"], own.value["inherited"]["weekly"]) == (2, 8)
    assert own.value["decided_by"]["zone"] == "group"
    assert "the first of each week, for 2 weeks" in terminal.run("policy", "show", shop).out
    again = terminal.run("policy", "set", shop, "--inherit", "weekly", "--json")
    assert again.value["policy"]["weekly"] == 8
    as_an_option = terminal.run("policy", "set", shop, "--inherit", "base-days", "--json")
    assert (as_an_option.code, as_an_option.value["decided_by"]["base_days"]) == (0, "settings")


def test_every_key_has_its_option(terminal: Terminal, shop: str) -> None:
    values = {
        "interval_minutes": 1440, "reference_hour": 3, "reference_minute": 30, "zone": "Asia/Tokyo",
        "base_days": 30, "daily": 15, "weekly": 5, "monthly": 6, "yearly": 7, "oplog_hours": 48,
        "verify": "weekly", "full_read_days": 1,
    }  # fmt: skip
    options = [
        word for key, value in values.items() for word in (f"--{key.replace('_', '-')}", str(value))
    ]
    assert terminal.run("policy", "set", shop, *options, "--json").value["policy"] == values


def test_a_dry_run_shows_every_snapshot_and_changes_nothing(
    terminal: Terminal, history: list[str]
) -> None:
    ran = terminal.run("policy", "set", "shop", "--daily", "3", "--dry-run")
    assert ran.code == 0
    assert "deletes" in ran.out
    assert all(id_ in ran.out for id_ in history)
    rows = terminal.run("policy", "set", "shop", "--daily", "3", "--dry-run", "--json").value[
        "rows"
    ]
    assert [row["deleted"] for row in rows] == [False, True, True, True, False, False]
    assert terminal.run("policy", "show", "shop", "--json").value["policy"]["daily"] == 7


@pytest.mark.parametrize(("typed", "code", "daily"), [("n\n", 1, 7), ("y\n", 0, 3)])
def test_what_would_be_deleted_is_shown_before_the_question(
    terminal: Terminal, operations: Operations, history: list[str],
    typed: str, code: int, daily: int,
) -> None:  # fmt: skip
    ran = terminal.run("policy", "set", "shop", "--daily", "3", typed=typed, tty=True)
    assert ran.code == code
    assert f"this deletes snapshot {history[1]} of shop at 2026-02-24 00:00:00Z: no rule" in ran.err
    assert "change the policy of shop and delete 3 snapshots?" in ran.err
    assert operations.policy("shop").policy.daily == daily


def test_where_nobody_can_be_asked_it_is_refused_without_yes(
    terminal: Terminal, operations: Operations, history: list[str]
) -> None:
    refused = terminal.run("policy", "set", "shop", "--daily", "3", "--json")
    assert (refused.code, refused.value["error"]["hint"]) == (4, "say --yes")
    assert operations.policy("shop").policy.daily == 7
    assert terminal.run("policy", "set", "shop", "--daily", "3", "--yes", "--json").code == 0
    assert operations.policy("shop").policy.daily == 3


def test_what_deletes_nothing_asks_nothing(terminal: Terminal, history: list[str]) -> None:
    ran = terminal.run("policy", "set", "shop", "--daily", "30")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("shop", "--daily", "8"), "daily is one of 0, 3, 4"),
        (("shop", "--daily", "many"), "--help"),
        (("shop", "--zone", "Mars/Base"), "zone is the name of a time zone"),
        (("shop", "--inherit", "dayly"), "it has interval_minutes"),
        (("shop", "--daily", "7", "--inherit", "daily"), ""),
        (("shop", "--group", "--daily", "7"), "give a NAME, or --group"),
        (("--daily", "7"), "give a NAME, or --group"),
    ],
)
def test_a_mistake_is_told_with_what_is_allowed(
    terminal: Terminal, shop: str, words: tuple[str, ...], hint: str
) -> None:
    ran = terminal.run("policy", "set", *words, "--json")
    assert (ran.code, ran.value["error"]["code"]) == (2, "usage")
    assert hint in ran.value["error"]["hint"]


def test_the_event_names_who_changed_it(terminal: Terminal, shop: str) -> None:
    terminal.run("policy", "set", shop, "--daily", "30")
    newest = terminal.run("event", "list", shop, "--json").value[0]
    assert (newest["kind"], newest["actor"]) == ("policy changed", "ada")
    assert "daily 7 -> 30" in newest["text"]
