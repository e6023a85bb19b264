"""Whatever moment of a busy source is restored, it is what the source held then."""

from dataclasses import dataclass

import pytest

from mmsconsole.mongod.fingerprint import differences, fingerprint
from tests.support.stage import NAME, Moment, Stage
from tests.support.workload import Workload
from tests.support.workload.workload import KINDS

pytestmark = pytest.mark.xdist_group("product brought back")

SEED = 20
STEPS_BETWEEN = 200
BALLAST_DOCUMENTS = 15_000
IN_THE_WINDOW = (
    "soon after the first snapshot",
    "before the second snapshot",
    "after every kind of step",
    "at the end",
)
TOO_EARLY = "before the first snapshot"


@dataclass(frozen=True)
class History:
    stage: Stage
    moments: dict[str, Moment]
    done: frozenset[str]
    """Kinds of steps that succeeded at least once."""


class Story:
    """Tells the workload when to go on, and notes the source's moments."""

    def __init__(self, stage: Stage, workload: Workload) -> None:
        self.stage = stage
        self.workload = workload
        self.moments: dict[str, Moment] = {}

    def steps(self) -> None:
        """The workload does some more."""
        goal = self.workload.steps + STEPS_BETWEEN
        self.stage.wait("the workload stood still", lambda: self._reached(goal))

    def _reached(self, goal: int) -> bool | None:
        self.workload.check()
        return True if self.workload.steps >= goal else None

    def moment(self, label: str) -> None:
        self.workload.pause()
        self.moments[label] = self.stage.moment(label)
        self.workload.resume()

    def every_kind(self) -> None:
        self.workload.pause()
        self.workload.every_kind_once()
        self.workload.resume()


@pytest.fixture(scope="module")
def history(stage: Stage) -> History:
    """A sync, two snapshots and five moments, all of it under the workload."""
    ballast = [{"_id": number, "text": "ballast " * 100} for number in range(BALLAST_DOCUMENTS)]
    stage.client.ballast.first.insert_many(ballast, ordered=False)
    stage.start_engine()
    with Workload(stage.client, seed=SEED) as workload:
        story = Story(stage, workload)
        stage.add_deployment()
        stage.start_backup()
        stage.wait_in_sync()
        story.moment(TOO_EARLY)
        story.steps()
        stage.take_snapshot()
        story.moment(IN_THE_WINDOW[0])
        story.steps()
        story.moment(IN_THE_WINDOW[1])
        story.steps()
        stage.take_snapshot()
        story.every_kind()
        story.moment(IN_THE_WINDOW[2])
        story.steps()
    story.moments[IN_THE_WINDOW[3]] = stage.moment(IN_THE_WINDOW[3])
    stage.wait_stored(story.moments[IN_THE_WINDOW[3]].optime)
    return History(stage, story.moments, frozenset(workload.done))


def test_every_kind_of_step_was_taken(history: History) -> None:
    assert history.done == KINDS


@pytest.mark.parametrize("label", IN_THE_WINDOW)
def test_a_moment_is_restored_as_it_was(history: History, label: str) -> None:
    moment = history.moments[label]

    restored = history.stage.state_at(str(moment.optime))

    assert differences(moment.state, restored) == []


def test_the_newest_state_is_restored_as_latest(history: History) -> None:
    """What the head has applied last is what the source holds now."""
    restored = history.stage.state_at("latest")

    assert differences(history.moments["at the end"].state, restored) == []


def test_two_moments_that_differ_are_restored_to_differ(history: History) -> None:
    """The comparison itself is able to fail."""
    early, late = (history.moments[label] for label in (IN_THE_WINDOW[0], IN_THE_WINDOW[3]))

    assert differences(early.state, late.state)


def test_a_moment_before_the_first_snapshot_is_refused(history: History) -> None:
    stage = history.stage
    target = stage.new_target()
    at = str(history.moments[TOO_EARLY].optime)

    answered = stage.cli.run("restore", "start", NAME, "--at", at, "--to-folder", str(target))

    assert answered.code == 4
    assert answered.value["error"]["code"] == "outside_window"
    assert not target.exists()


def test_a_restored_folder_becomes_a_replica_set_of_its_own(history: History) -> None:
    moment = history.moments["at the end"]
    target = history.stage.restore(str(moment.optime))

    with history.stage.mongod_on(target, repl_set="fresh") as client:
        client.admin.command("replSetInitiate")
        history.stage.wait(
            "no primary", lambda: client.admin.command("hello")["isWritablePrimary"] or None
        )
        state = fingerprint(client)
        client.afterwards.writes.insert_one({"_id": 1})
        found = client.afterwards.writes.find_one()

    assert differences(moment.state, state) == []
    assert found == {"_id": 1}
