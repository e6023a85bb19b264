"""store list | stats | groom, by the command line."""

from mmsconsole.metadata.database import Metadata
from mmsconsole.operations.operations import Operations
from tests.cli.terminal import Terminal
from tests.operations.test_stores import history
from tests.support.history import History

__all__ = ["history"]


def test_the_space_of_a_store_is_shown(terminal: Terminal, history: History) -> None:
    listed = terminal.run("store", "list", "--json").value
    assert [store["deployments"] for store in listed] == [[history.id]]
    assert "no figures yet" in terminal.run("store", "stats").out
    planned = terminal.run("store", "groom", "--dry-run", "--json").value
    assert planned["freed_bytes"] > 0
    assert "would be free" in terminal.run("store", "groom", "--dry-run").out


def test_a_groom_is_asked_for(
    terminal: Terminal, history: History, operations: Operations, metadata: Metadata
) -> None:
    asked = terminal.run("store", "groom", "--json")
    assert (asked.code, asked.value["kind"]) == (0, "groom")
    assert terminal.run("store", "groom", "default", "--json").value["id"] == asked.value["id"]
    assert terminal.run("job", "list").code == 0
    assert terminal.run("store", "groom", "--dry-run", "--wait").code == 2
    assert terminal.run("store", "groom", "elsewhere").code == 2
