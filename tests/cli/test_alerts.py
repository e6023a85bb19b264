"""mmsconsole alert, alert-rule and maintenance do what they say."""

from pathlib import Path

import pytest

from mmsconsole.metadata.alerts import AlertState
from mmsconsole.metadata.database import Metadata
from mmsconsole.settings import Settings
from tests.cli.terminal import Terminal
from tests.operations.records import SteppingClock
from tests.operations.test_alerts import CHANNELS, alert, engine
from tests.support.clock import ManualClock
from tests.support.metadata import settings_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    config = tmp_path / "home" / "config"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(CHANNELS)
    return settings_of(config.parent)


@pytest.fixture
def wall_clock() -> SteppingClock:
    """As the terminal's."""
    return SteppingClock(ManualClock().now())


def test_where_nothing_is_wrong_the_answer_says_what_watches(
    terminal: Terminal, metadata: Metadata, shop: str
) -> None:
    metadata.engines.announce(engine())
    ran = terminal.run("alert", "list")
    rules = len(terminal.run("alert-rule", "list", "--json").value)
    assert (ran.code, ran.out) == (0, f"no alerts: {rules} rules watch 1 deployment\n")
    assert ran.err == ""
    assert terminal.run("alert", "list", "--json").value == []


def test_why_nobody_would_be_told_is_a_warning_beside_the_answer(terminal: Terminal) -> None:
    ran = terminal.run("alert", "list")
    assert ran.err.startswith("warning: no engine runs, so no rule is looked at")


def test_alerts_are_listed_shown_acknowledged_and_not(
    terminal: Terminal, metadata: Metadata, wall_clock: SteppingClock, shop: str
) -> None:
    for one in (alert("a1"), alert("a2"), alert("a3", state=AlertState.CLOSED, standing=False)):
        metadata.alerts.add(one)

    assert {one["id"] for one in terminal.run("alert", "list", "--json").value} == {"a1", "a2"}
    assert len(terminal.run("alert", "list", "--all", "--json").value) == 3
    assert terminal.run("alert", "list", shop, "--json").value == []
    acked = terminal.run("alert", "ack", "a1", "a2", "--for", "2h", "--note", "seen", "--json")
    assert [(one["state"], one["note"]) for one in acked.value] == [("acknowledged", "seen")] * 2
    assert "acknowledged by ada until" in terminal.run("alert", "show", "a1").out
    back = terminal.run("alert", "unack", "a1", "--json").value
    assert [one["state"] for one in back] == ["open"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("alert", "ack", "a1", "--for", "2h", "--until", "3h"), 2, "it ends once"),
        (("alert", "ack", "a1", "--for", "2"), 2, "without its unit"),
        (("alert", "ack", "nosuch"), 4, "no alert"),
        (("alert", "ack", "a3"), 4, "closed"),
        (("alert", "test", "male"), 2, "no channel"),
        (("alert-rule", "set", "host down"), 2, "nothing is to be changed"),
        (("alert-rule", "set", "hots down", "--disabled"), 2, "did you mean host down"),
        (("alert-rule", "set", "lag", "--disabled"), 2, "did you mean replication lag?"),
        (("alert-rule", "set", "above", "--metric", "queue_total", "--threshold", "5 GB"), 2,
         "not a number"),
        (("alert-rule", "mute", "host down"), 2, "it has to end"),
        (("maintenance", "start"), 2, "of a deployment or of all"),
        (("maintenance", "start", "--group"), 2, "it has to end"),
        (("maintenance", "end", "nosuch"), 4, "no maintenance window"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_or_is_not_there_has_an_exit_code_of_its_own(
    terminal: Terminal, metadata: Metadata, arguments: tuple[str, ...], code: int, said: str
) -> None:
    metadata.alerts.add(alert("a3", state=AlertState.CLOSED, standing=False))
    ran = terminal.run(*arguments)
    assert ran.code == code
    assert said in ran.err


def test_a_rule_is_set_muted_unmuted_and_reset(terminal: Terminal, shop: str) -> None:
    lag = ("replication lag", "--deployment", shop)
    made = terminal.run(
        "alert-rule", "set", *lag, "--threshold", "10 min", "--for", "5 min", "--severity", "error",
        "--channel", "mail", "--channel", "pager", "--renotify", "1 h", "--json",
    ).value  # fmt: skip
    assert (made["threshold"], made["for_seconds"], made["severity"]) == (600, 300, "error")
    assert (made["channels"], made["renotify_minutes"]) == (["mail", "pager"], 60)
    assert made["decided_by"] == "deployment"
    muted = terminal.run("alert-rule", "mute", *lag, "--for", "2h", "--note", "disks", "--json")
    assert (muted.value["muted_by"], muted.value["note"]) == ("ada", "disks")
    assert terminal.run("alert-rule", "unmute", *lag, "--json").value["muted_until"] is None
    again = terminal.run("alert-rule", "reset", *lag, "--json").value
    assert (again["threshold"], again["decided_by"]) == (60, "default")


def test_a_metric_s_rule_comes_and_goes(terminal: Terminal) -> None:
    queue = ("above", "--metric", "queue_total")
    made = terminal.run("alert-rule", "set", *queue, "--threshold", "50", "--json").value
    assert (made["condition"], made["metric"]) == ("metric above", "queue_total")
    assert "metric above: queue_total" in terminal.run("alert-rule", "list").out
    assert terminal.run("alert-rule", "reset", *queue, "--json").value == {"removed": "queue_total"}


def test_maintenance_is_started_listed_and_ended(terminal: Terminal, shop: str) -> None:
    assert "no maintenance is under way" in terminal.run("maintenance", "list").out
    begun = terminal.run(
        "maintenance", "start", shop, "--for", "2h", "--note", "up", "--json"
    ).value
    assert (begun["state"], begun["note"]) == ("under way", "up")
    planned = terminal.run(
        "maintenance", "start", "--group", "--from", "8h", "--for", "3h", "--json"
    ).value
    assert planned["state"] == "planned"
    assert [one["id"] for one in terminal.run("maintenance", "list", "--json").value] == [
        begun["id"], planned["id"],
    ]  # fmt: skip
    assert terminal.run("maintenance", "end", begun["id"], "--json").value["state"] == "over"


@pytest.mark.parametrize(
    ("channel", "code", "state"), [("mail", 0, "sent"), ("pager", 1, "given up")]
)
def test_a_test_of_a_channel_ends_with_what_became_of_it(
    terminal: Terminal, channel: str, code: int, state: str
) -> None:
    ran = terminal.run("alert", "test", channel, "--json")
    assert (ran.code, ran.value["state"]) == (code, state)
    assert bool(ran.value["error"]) == (code == 1)
    assert "test" in terminal.run("alert", "sent").out
    assert state in terminal.run("alert", "channels").out


def test_where_nothing_is_set_up_or_sent_the_answer_says_so(
    environ: dict[str, str], terminal: Terminal
) -> None:
    assert "nobody was told anything yet" in terminal.run("alert", "sent").out
