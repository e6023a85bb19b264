"""store repair, by the command line."""

from mmsconsole.metadata.checks import StoreCheck
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.jobs import JobState
from mmsconsole.operations.operations import Operations
from tests.cli.terminal import Terminal
from tests.operations.test_stores import history
from tests.support.history import History
from tests.support.snapshots import LATER

__all__ = ["history"]

LEFT = {"key": "oplog/d/c.chunk", "source": "", "left": "lost", "snapshots": []}


def test_a_repair_is_planned_asked_for_and_shown(
    terminal: Terminal, history: History, operations: Operations, metadata: Metadata
) -> None:
    assert terminal.run("store", "repair", "--dry-run").code == 4, "nothing tells what is wrong"
    metadata.checks.add(StoreCheck("c", "default", LATER, 1.0, finished_at=LATER))
    planned = terminal.run("store", "repair", "--dry-run", "--json")
    assert (planned.code, planned.value["repaired"], planned.value["objects"]) == (0, 0, [])

    asked = terminal.run("store", "repair", "--json")
    assert (asked.code, asked.value["kind"]) == (0, "repair")
    assert terminal.run("store", "repair", "default", "--json").value["id"] == asked.value["id"]
    assert terminal.run("store", "repair", "--dry-run", "--wait").code == 2
    assert terminal.run("store", "repair", "elsewhere").code == 2


def test_what_is_left_is_shown_and_is_the_exit_code(
    terminal: Terminal, history: History, operations: Operations, metadata: Metadata
) -> None:
    history.storage.delete(metadata.snapshots.get("s2").manifest_key)
    (key,) = (one.manifest_key for one in metadata.snapshots.all({"_id": "s2"}))
    metadata.checks.add(StoreCheck("c", "default", LATER, 1.0, finished_at=LATER))
    metadata.snapshots.set("s2", doubt=f"a check of its store found: {key} is missing")

    planned = terminal.run("store", "repair", "--dry-run")

    assert planned.code == 1
    assert "mmsconsole snapshot delete s2" in planned.out
    job = operations.start_repair()
    done = {"repaired": 0, "left": 1, "whole_again": [], "objects": [LEFT]}
    metadata.jobs.set(job.id, state=JobState.DONE, result=done)
    assert operations.repair(job.id).objects[0].left == "lost"
