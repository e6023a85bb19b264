"""`mmsconsole oplog`: for people a table, for scripts one JSON value."""

import json
from datetime import UTC, datetime

import pytest

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.tables import render
from mmsconsole.metadata.database import Metadata
from mmsconsole.operations.operations import Operations
from mmsconsole.operations.oplog_views import OplogRow
from mmsconsole.optime import Optime
from tests.cli.terminal import Terminal
from tests.operations.oplog_fixtures import StoredOplog
from tests.support import oplog_entries as entries


@pytest.fixture
def oplog(metadata: Metadata, operations: Operations, synced: str) -> StoredOplog:
    """100 an insert, 101 an update, 102 a drop; then 30 deletes of 200, and an insert of 300."""
    made = StoredOplog(metadata, operations._desk, synced)
    made.put([
        entries.insert(100, {"_id": 1, "status": "open"}),
        entries.update(101, 1, {"u": {"status": "paid"}}),
        entries.command(102, {"drop": "old"}),
    ])  # fmt: skip
    burst = [entries.delete(200, n) | {"ts": Optime(200, n + 1).timestamp} for n in range(30)]
    made.put(burst, [entries.insert(300, {"_id": "\x1b[2J"})])
    return made


def test_entries_are_shown_in_their_order_and_filtered(
    terminal: Terminal, oplog: StoredOplog
) -> None:
    name = oplog.name

    def seconds(*arguments: str) -> list[int]:
        rows = terminal.run("oplog", name, *arguments, "--json").value
        return [row["optime"]["t"] for row in rows if row["row"] == "entry"]

    assert seconds("--limit", "2") == [200, 300]
    assert seconds("--limit", "2", "--reverse") == [300, 200]
    assert seconds("--from", "101:1", "--to", "102:1") == [101, 102]
    assert seconds("--from", "101:1", "--limit", "1") == [101]
    assert seconds("--filter", "status=paid") == [101]
    assert seconds("--field", "status", "--op", "i") == [100]
    assert seconds("--ns", "app.old", "--op", "drop") == [102]
    assert seconds("--id", "1", "--to", "150:1") == [100, 101]


def test_people_get_a_table_that_steers_no_terminal(terminal: Terminal, oplog: StoredOplog) -> None:
    shown = terminal.run("oplog", oplog.name, "--limit", "1").out
    assert "\x1b" not in shown
    assert '{_id: "\\u001b[2J"}' in shown
    assert "300:1" in shown
    assert "no such entry" in terminal.run("oplog", oplog.name, "--from", "400:1").out


def test_what_took_data_away_comes_with_the_point_to_restore_to(
    terminal: Terminal, oplog: StoredOplog
) -> None:
    found = terminal.run("oplog", oplog.name, "--drops", "--json").value
    assert [(one["kind"], one["ns"], one["count"]) for one in found] == [
        ("delete", "app.c", 30), ("drop", "app.old", 1),
    ]  # fmt: skip
    shown = terminal.run("oplog", oplog.name, "--drops").out
    assert "before:200:1" in shown
    assert "before:102:1" in shown
    assert (
        "nothing was dropped" in terminal.run("oplog", oplog.name, "--drops", "--to", "101:1").out
    )


def test_the_rate_is_a_histogram(terminal: Terminal, oplog: StoredOplog) -> None:
    arguments = ("oplog", oplog.name, "--rate", "--from", "100:1", "--to", "104:1", "--limit", "5")
    rate = terminal.run(*arguments, "--json").value
    assert (rate["counts"], rate["seconds"], rate["exact"]) == ([1, 1, 1, 0, 0], 1.0, True)
    shown = terminal.run(*arguments).out
    assert "1s each, counted" in shown
    assert shown.count("#" * 40) == 3


def test_one_entry_is_shown_whole(terminal: Terminal, oplog: StoredOplog) -> None:
    whole = terminal.run("oplog", oplog.name, "--entry", "102:1", "--json").value
    assert json.loads("\n".join(whole["text"]))["o"] == {"drop": "old"}
    shown = terminal.run("oplog", oplog.name, "--entry", "102:1").out
    assert "--at before:102:1" in shown
    missing = terminal.run("oplog", oplog.name, "--entry", "101:2", "--json")
    assert missing.value["error"]["code"] == "not_found"
    assert "101:1" in missing.value["error"]["hint"]


def test_wrong_use_is_refused(terminal: Terminal, oplog: StoredOplog) -> None:
    for arguments in (
        ("--drops", "--rate"), ("--from", "yesterday"), ("--filter", "=5"), ("--limit", "0"),
        ("--entry", "latest"), ("--entry", "2026-03-01T12:00:00Z"), ("--id", "{"),
    ):  # fmt: skip
        assert terminal.run("oplog", oplog.name, *arguments, "--json").code == 2, arguments


def test_what_is_not_there_is_told_as_such() -> None:
    gap = OplogRow("gap", Optime(5, 1), Optime(9, 1), change="a resync was needed")
    open_ = OplogRow("gap", Optime(9, 1), None, change="the oplog was lost")
    text = render(Answer([gap, open_]), datetime(2026, 1, 1, tzinfo=UTC), on_terminal=False)
    assert "GAP" in text
    assert "from there to 1970-01-01 00:00:09Z (9:1): a resync was needed" in text
    assert "from there to now: the oplog was lost" in text
