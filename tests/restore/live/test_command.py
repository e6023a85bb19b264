"""mmsconsole restore dump: without an engine, in one process."""

from pathlib import Path

import pytest

from mmsconsole.cli.exits import ExitCode
from tests.cli.terminal import Ran, Terminal
from tests.restore.live.conftest import FIXTURES, Live

pytestmark = pytest.mark.xdist_group("restores")
ARCHIVE = str(FIXTURES / "oplog.archive")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal({"MMSCONSOLE_HOME": str(tmp_path / "home"), "TERM": "xterm"})


def dump(
    terminal: Terminal, live: Live, *arguments: str, typed: str = "", tty: bool = False
) -> Ran:
    typed = live.uri.uri.reveal() + "\n" + typed
    return terminal.run(
        "restore", "dump", ARCHIVE, "--to-live", "-", *arguments, typed=typed, tty=tty
    )


def test_a_dump_is_restored_and_told_as_json(terminal: Terminal, live: Live) -> None:
    plan = dump(terminal, live, "--dry-run", "--json")
    assert plan.code == ExitCode.DONE
    assert plan.value["replays_oplog"] is True
    assert plan.value["there"] == []
    assert "shop.orders" in plan.value["namespaces"]
    assert "shop" not in live.client.list_database_names()
    done = dump(terminal, live, "--json")
    assert done.code == ExitCode.DONE
    assert done.value["collections"] == len(plan.value["namespaces"])
    assert done.value["oplog_entries"] > 5
    assert set(done.value["optime"]) == {"t", "i"}
    assert live.client.shop.orders.count_documents({}) == 400


def test_with_a_part_of_it_users_and_roles_stay_out_unless_they_are_asked_for(
    terminal: Terminal, live: Live
) -> None:
    part = ("--no-oplog", "--ns", "db-two.c")
    assert "users" not in dump(terminal, live, *part, "--json").value["verified"]
    asked = dump(terminal, live, *part, "--users", "--overwrite", "--yes", "--json")
    assert "users" in asked.value["verified"]


def test_overwriting_wants_to_be_typed(terminal: Terminal, live: Live) -> None:
    live.client.shop.orders.insert_one({"_id": "mine"})
    refused = dump(terminal, live)
    assert refused.code == ExitCode.REFUSED
    assert "'shop.orders' (1 documents" in refused.err
    unconfirmed = dump(terminal, live, "--overwrite")
    assert unconfirmed.code == ExitCode.REFUSED
    no = dump(terminal, live, "--overwrite", typed="no\n", tty=True)
    assert no.code != ExitCode.DONE
    assert [one["_id"] for one in live.client.shop.orders.find()] == ["mine"]
    yes = dump(terminal, live, "--overwrite", typed="overwrite\n", tty=True)
    assert yes.code == ExitCode.DONE, yes.err
    assert "number of documents equal" in yes.out
    assert live.client.shop.orders.count_documents({}) == 400


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("restore", "dump", "/no/such/dump", "--to-live", "mongodb://h/"), "no such dump"),
        (("restore", "dump", ARCHIVE), "name the target"),
        (("restore", "dump", ARCHIVE, "--to-live", "mongodb://h/", "--rename", "a"), "no new name"),
        (("restore", "dump", ARCHIVE, "--to-live", "http://h/"), "does not begin with"),
    ],
)
def test_what_makes_no_sense_is_said(
    terminal: Terminal, arguments: tuple[str, ...], said: str
) -> None:
    ran = terminal.run(*arguments)
    assert ran.code == ExitCode.USAGE
    assert said in ran.err
