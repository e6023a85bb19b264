"""Every state has a sign, a word and a tone."""

from dataclasses import replace

import pytest

from mmsconsole.console.glyphs import ASCII, UNICODE
from mmsconsole.console.present import status
from mmsconsole.console.present.text import Tone
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.jobs import JobState
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.operations.views import WarningView
from tests.support import fake_data as data
from tests.support.fake_data import NOW

BY_NAME = {view.name: view.status for view in data.deployments()}


@pytest.mark.parametrize(
    ("name", "word", "tone"),
    [
        ("orders", "in sync", Tone.GOOD),
        ("catalogue", "building 52%", Tone.BUSY),
        ("payments", "lagging", Tone.WARN),
        ("archive-2019", "stopped", Tone.DIM),
        ("sessions", "resync required", Tone.BAD),
        ("warehouse-analytics-eu-west", "unreachable", Tone.BAD),
        ("staging", "not backed up", Tone.DIM),
    ],
)
def test_the_state_of_a_backup(name: str, word: str, tone: Tone) -> None:
    mark = status.backup_mark(BY_NAME[name], UNICODE)
    assert (mark.word, mark.tone) == (word, tone)


def test_states_can_be_told_apart_without_colours() -> None:
    for glyphs in (UNICODE, ASCII):
        told = {status.backup_mark(each, glyphs).line[0].text for each in BY_NAME.values()}
        assert len(told) == len(BY_NAME)


def test_a_lag_is_shown_only_while_it_means_something() -> None:
    assert status.lag_line(BY_NAME["payments"])[0].text == "14m 02s"
    assert status.lag_line(BY_NAME["archive-2019"])[0].text == "-"
    assert status.lag_line(BY_NAME["catalogue"])[0].text == "-"


@pytest.mark.parametrize("name", BY_NAME)
def test_every_state_is_explained_in_a_sentence(name: str) -> None:
    told = status.backup_sentence(BY_NAME[name], "b")
    assert told[0].isupper()
    assert told.endswith(".")


@pytest.mark.parametrize("name", ["sessions", "archive-2019", "staging"])
def test_what_can_be_started_says_how(name: str) -> None:
    assert "ress b " in status.backup_sentence(BY_NAME[name], "b")


def test_a_resync_without_a_reason_still_says_what_is_wrong() -> None:
    lost = replace(BY_NAME["sessions"], reason="")
    assert "no longer reaches" in status.backup_sentence(lost, "b")


def test_what_a_backup_waits_for_is_told() -> None:
    waiting = replace(BY_NAME["orders"], reason="no room for a snapshot")
    assert status.backup_sentence(waiting, "b") == "No room for a snapshot."


def test_a_complete_snapshot_that_may_be_wrong_is_not_shown_as_good() -> None:
    doubted = replace(data.snapshots("orders")[0], doubt="its head was found damaged")
    mark = status.snapshot_mark(doubted, UNICODE)
    assert (mark.word, mark.tone) == ("in doubt", Tone.WARN)


@pytest.mark.parametrize(
    ("level", "word", "tone"),
    [("warning", "oplog warning", Tone.WARN), ("critical", "resync is near", Tone.BAD)],
)
def test_an_oplog_that_will_not_reach_is_the_state_of_its_backup(
    level: str, word: str, tone: Tone
) -> None:
    text = "the source's oplog holds 2 h 10 min; the tail is 1 h 40 min behind"
    warned = replace(BY_NAME["orders"], warnings=(WarningView("oplog window", level, text),))
    mark = status.backup_mark(warned, UNICODE)
    assert (mark.word, mark.tone) == (word, tone)
    assert status.backup_sentence(warned, "b").startswith("The source's oplog holds 2 h 10 min;")


def test_trouble_at_the_source_is_told_with_since_when_and_what_it_leads_to() -> None:
    away = BY_NAME["warehouse-analytics-eu-west"]
    told = status.backup_sentence(away, "b")
    assert told.endswith("refused by wh-1:27017. Since 2026-07-16 11:43:30Z. It goes on by itself.")
    near = WarningView("oplog window", "critical", "a resync is needed in about 30 min")
    told = status.backup_sentence(replace(away, warnings=(near,)), "b")
    assert told.endswith("A resync is needed in about 30 min.")


def test_a_source_that_answers_and_has_nothing_to_give_is_not_called_unreachable() -> None:
    assert BY_NAME["orders"].tail
    tail = replace(BY_NAME["orders"].tail, error="no majority confirms writes", since=NOW)
    mark = status.backup_mark(replace(BY_NAME["orders"], tail=tail), UNICODE)
    assert (mark.word, mark.tone) == ("nothing comes", Tone.WARN)


def test_a_store_that_takes_nothing_is_not_called_a_source_that_is_unreachable() -> None:
    assert BY_NAME["orders"].tail
    tail = replace(BY_NAME["orders"].tail, member="", error="full", since=NOW, unstored=True)
    mark = status.backup_mark(replace(BY_NAME["orders"], tail=tail), UNICODE)
    assert (mark.word, mark.tone) == ("not stored", Tone.BAD)


def test_no_state_is_unknown() -> None:
    """A state that a record can have and that nobody gave a mark falls through to its name."""
    kept = [replace(data.snapshots("orders")[0], state=each) for each in SnapshotState]
    assert {status.snapshot_mark(each, UNICODE).tone for each in kept} == {
        Tone.GOOD, Tone.BUSY, Tone.BAD, Tone.DIM,
    }  # fmt: skip
    assert len({status.snapshot_mark(each, UNICODE).word for each in kept}) == len(SnapshotState)
    jobs = [replace(data.jobs()[0], state=each) for each in JobState]
    assert len({status.job_mark(job, UNICODE).word for job in jobs}) == len(JobState)
    restores = [replace(data.restores()[0], state=each) for each in RestoreState]
    assert len({status.restore_mark(each, UNICODE).word for each in restores}) == len(RestoreState)
    backups = [replace(BY_NAME["orders"], state=each) for each in BackupState]
    assert len({status.backup_mark(each, UNICODE).word for each in backups}) == len(BackupState)


def test_a_job_that_was_asked_to_stop_says_so() -> None:
    asked = replace(data.jobs()[0], cancel_requested=True)
    assert status.job_mark(asked, UNICODE).word == "cancelling"


def test_a_job_between_two_attempts_says_so() -> None:
    again = replace(data.jobs()[0], state="queued", attempts=2)
    assert status.job_mark(again, UNICODE).word == "will try again"
