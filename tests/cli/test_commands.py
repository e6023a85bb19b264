"""The words of the command line do what they say."""

from pathlib import Path

import pytest

from mmsconsole import __version__
from mmsconsole.demo.size import Size
from mmsconsole.optime import Optime
from tests.cli.terminal import Terminal
from tests.operations.records import URI, Daemon


def test_a_deployment_is_added_listed_shown_and_edited(terminal: Terminal, daemon: Daemon) -> None:
    added = terminal.run(
        "deployment", "add", "shop", "mongodb://h:1", "--snapshot-interval-minutes", "0", "--json"
    )
    assert (added.code, added.value["snapshot_interval_minutes"]) == (0, 0)
    listed = terminal.run("deployment", "list", "--json").value
    assert [view["name"] for view in listed] == ["shop"]
    assert terminal.run("deployment", "show", "shop", "--json").value == listed[0]
    edited = terminal.run(
        "deployment", "edit", "shop", "--new-name", "store", "--sync-from", "primary", "--json"
    )
    assert (edited.value["name"], edited.value["sync_from"]) == ("store", "primary")


def test_a_list_without_entries_is_an_empty_array_or_a_sentence(terminal: Terminal) -> None:
    assert terminal.run("deployment", "list", "--json").value == []
    assert "no deployments yet" in terminal.run("deployment", "list").out


def test_a_backup_is_started_twice_stopped_and_looked_at(terminal: Terminal, shop: str) -> None:
    for _ in range(2):
        assert terminal.run("backup", "start", shop, "--json").value["state"] == "started"
    assert terminal.run("backup", "stop", shop, "--json").value["state"] == "stopped"
    assert terminal.run("backup", "status", shop, "--json").value["state"] == "stopped"
    assert "backup" in terminal.run("backup", "status", shop).out


def test_a_head_is_rebuilt_where_there_is_a_snapshot(
    terminal: Terminal, daemon: Daemon, synced: str
) -> None:
    refused = terminal.run("backup", "rebuild", synced, "--json")
    assert refused.code != 0
    assert refused.value["error"]["code"] == "refused"
    assert "snapshot take" in refused.value["error"]["hint"]
    daemon.snapshot(synced, Optime(9, 1))
    rebuilding = terminal.run("backup", "rebuild", synced, "--json")
    assert (rebuilding.code, rebuilding.value["phase"]) == (0, "rebuilding")


def test_snapshots_are_taken_listed_shown_and_deleted(
    terminal: Terminal, daemon: Daemon, synced: str
) -> None:
    snapshot = daemon.snapshot(synced, Optime(9, 1))
    (listed,) = terminal.run("snapshot", "list", synced, "--json").value
    assert listed["id"] == snapshot.id
    assert terminal.run("snapshot", "show", snapshot.id, "--json").value == listed
    assert terminal.run("snapshot", "delete", snapshot.id, "--yes", "--json").value == listed
    assert terminal.run("snapshot", "show", snapshot.id, "--json").value["state"] == "deleting"
    taken = terminal.run("snapshot", "take", synced, "--json")
    assert (taken.value["state"], taken.value["optime"]) == ("running", None)


def test_restores_are_started_listed_shown_and_cancelled(
    terminal: Terminal, daemon: Daemon, synced: str, tmp_path: Path
) -> None:
    snapshot = daemon.snapshot(synced, Optime(9, 1))
    started = terminal.run(
        "restore", "start", synced, "--snapshot", snapshot.id, "--to-folder",
        str(tmp_path / "restored"), "--json",
    ).value  # fmt: skip
    assert started["state"] == "queued"
    assert [view["id"] for view in terminal.run("restore", "list", "--json").value] == [
        started["id"]
    ]
    assert terminal.run("restore", "list", synced, "--json").value[0]["id"] == started["id"]
    assert terminal.run("restore", "show", started["id"], "--json").value["path"].startswith("/")
    cancelled = terminal.run("restore", "cancel", started["id"], "--json")
    assert cancelled.value["state"] == "cancelled"
    again = terminal.run("restore", "cancel", started["id"], "--json")
    assert again.code == 4


def test_a_restore_into_a_folder_with_something_in_it_is_refused(
    terminal: Terminal, daemon: Daemon, synced: str, tmp_path: Path
) -> None:
    daemon.snapshot(synced, Optime(9, 1))
    (tmp_path / "precious").touch()
    ran = terminal.run(
        "restore", "start", synced, "--at", "latest", "--to-folder", str(tmp_path), "--json"
    )
    assert (ran.code, ran.value["error"]["code"]) == (4, "target_not_empty")


@pytest.mark.parametrize(
    ("point", "code", "word"),
    [("8:1", 4, "outside_window"), ("10:1", 4, "outside_window"), ("soon", 2, "usage")],
)
def test_a_point_that_can_not_be_is_refused(
    terminal: Terminal, daemon: Daemon, synced: str, tmp_path: Path,
    point: str, code: int, word: str,
) -> None:  # fmt: skip
    daemon.snapshot(synced, Optime(9, 1))
    ran = terminal.run(
        "restore", "start", synced, "--at", point, "--to-folder", str(tmp_path / "x"), "--json"
    )
    assert (ran.code, ran.value["error"]["code"]) == (code, word)


def test_jobs_are_listed_shown_and_cancelled(terminal: Terminal, shop: str) -> None:
    terminal.run("backup", "start", shop)
    (job,) = terminal.run("job", "list", "--json").value
    assert terminal.run("job", "show", job["id"], "--json").value == job
    assert terminal.run("job", "cancel", job["id"], "--json").value["state"] == "cancelled"


def test_events_are_listed_newest_first_of_all_or_of_one(terminal: Terminal, shop: str) -> None:
    terminal.run("backup", "start", shop)
    events = terminal.run("event", "list", "--json").value
    assert [event["kind"] for event in events] == ["backup started", "deployment added"]
    assert terminal.run("event", "list", shop, "--limit", "1", "--json").value == events[:1]
    assert "was started with an initial sync" in terminal.run("event", "list", shop).out
    assert terminal.run("event", "list", "nobody", "--json").value["error"]["code"] == "not_found"
    assert terminal.run("event", "list", "--limit", "0").code == 2


def test_the_size_of_blocks_is_told_when_a_deployment_is_shown(
    terminal: Terminal, shop: str
) -> None:
    assert "256 KiB, zstd level 1" in terminal.run("deployment", "show", shop).out


def test_the_speed_of_initial_syncs_is_a_property_of_the_deployment(
    terminal: Terminal, shop: str
) -> None:
    slow = terminal.run("deployment", "edit", shop, "--sync-mb-per-second", "2.5", "--json")
    assert slow.value["sync_mb_per_second"] == 2.5
    assert "2.5 MB/s at most" in terminal.run("deployment", "show", shop).out
    free = terminal.run("deployment", "edit", shop, "--sync-mb-per-second", "0", "--json")
    assert free.value["sync_mb_per_second"] == 0
    wrong = terminal.run("deployment", "edit", shop, "--sync-mb-per-second", "-1", "--json")
    assert (wrong.code, wrong.value["error"]["code"]) == (2, "usage")


def test_status_tells_of_the_engine(terminal: Terminal) -> None:
    assert terminal.run("status", "--json").value["deployments"] == 0


def test_removal_says_what_it_deletes_and_asks(
    terminal: Terminal, daemon: Daemon, synced: str
) -> None:
    daemon.snapshot(synced, Optime(9, 1))
    no = terminal.run("deployment", "remove", synced, typed="n\n", tty=True)
    assert no.code == 1
    assert "this deletes 1 head, 1 snapshot (100 B)" in no.err
    assert len(terminal.run("deployment", "list", "--json").value) == 1
    yes = terminal.run("deployment", "remove", synced, typed="y\n", tty=True)
    assert yes.code == 0
    assert terminal.run("deployment", "list", "--json").value == []


@pytest.mark.parametrize("noun", ["deployment", "snapshot"])
def test_what_wants_to_be_confirmed_is_refused_where_nobody_can_be_asked(
    terminal: Terminal, daemon: Daemon, synced: str, noun: str
) -> None:
    snapshot = daemon.snapshot(synced, Optime(9, 1))
    words = {"deployment": ["remove", synced], "snapshot": ["delete", snapshot.id]}[noun]
    ran = terminal.run(noun, *words, "--json")
    assert (ran.code, ran.value["error"]["hint"]) == (4, "say --yes")
    assert terminal.run("snapshot", "list", synced, "--json").value != []


def test_deleting_the_only_snapshot_says_what_that_means(
    terminal: Terminal, daemon: Daemon, synced: str
) -> None:
    only = daemon.snapshot(synced, Optime(9, 1))
    ran = terminal.run("snapshot", "delete", only.id, typed="\n", tty=True)
    assert ran.code == 1
    assert "nothing can be restored" in ran.err


def test_deleting_the_first_snapshot_of_the_window_says_which_moments_go_with_it(
    terminal: Terminal, daemon: Daemon, synced: str
) -> None:
    first, second = (daemon.snapshot(synced, Optime(at, 1)) for at in (9, 30))
    daemon.chunks(synced, Optime(9, 1), Optime(20, 1), Optime(40, 1))
    ran = terminal.run("snapshot", "delete", first.id, typed="\n", tty=True)
    assert "the moments after 1970-01-01 00:00:09Z (9:1) and before 1970-01-01 00:00:30Z" in ran.err
    later = terminal.run("snapshot", "delete", second.id, typed="\n", tty=True)
    assert "can not be restored any more" not in later.err


def test_doctor_works_without_an_engine(no_engine: Terminal, short_folder: Path) -> None:
    no_engine.environ = {"MMSCONSOLE_HOME": str(short_folder / "home")}
    ran = no_engine.run("doctor", "--json")
    findings = {finding["check"]: finding["ok"] for finding in ran.value}
    assert findings["mongod"]
    assert findings["disk"]


def test_doctor_fails_when_something_is_to_be_mended(
    no_engine: Terminal, short_folder: Path
) -> None:
    (short_folder / "data").touch()
    no_engine.environ = {"MMSCONSOLE_HOME": str(short_folder)}
    ran = no_engine.run("doctor")
    assert ran.code == 1
    assert "NOT OK" in ran.out


def test_a_name_twice_is_refused(terminal: Terminal, shop: str) -> None:
    ran = terminal.run("deployment", "add", shop, URI.reveal(), "--json")
    assert (ran.code, ran.value["error"]["code"]) == (4, "already_exists")


def test_the_version_is_told(no_engine: Terminal) -> None:
    assert __version__ in no_engine.run("--version").out
    assert no_engine.run("--version", "--json").value == {"version": __version__}


def test_the_demo_is_given_its_size_and_what_to_keep(
    no_engine: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, object] = {}
    monkeypatch.setattr("mmsconsole.demo.main.run_demo", lambda **options: given.update(options))
    folder = str(tmp_path)
    ran = no_engine.run("demo", "--size", "medium", "--keep", "--folder", folder, "--headless")
    assert ran.code == 0
    assert (given["size"], given["keep"], given["headless"]) == (Size.MEDIUM, True, True)
    assert given["folder"] == tmp_path
    assert no_engine.run("demo", "--size", "huge").code == 2


def test_where_no_engine_runs_there_is_none_to_stop(no_engine: Terminal) -> None:
    ran = no_engine.run("engine", "--stop", "--json")
    assert (ran.code, ran.value["error"]["code"]) == (3, "no_engine")


def test_a_snapshot_is_held_and_released(terminal: Terminal, daemon: Daemon, synced: str) -> None:
    snapshot = daemon.snapshot(synced, Optime(9, 1))
    held = terminal.run("snapshot", "hold", snapshot.id, "audit of 2026", "--json")
    assert (held.code, held.value["hold"]) == (0, "audit of 2026")
    refused = terminal.run("snapshot", "delete", snapshot.id, "--yes", "--json")
    assert (refused.code, "audit of 2026" in refused.value["error"]["message"]) == (4, True)
    released = terminal.run("snapshot", "release", snapshot.id, "--json")
    assert (released.code, released.value["hold"]) == (0, "")


def test_a_snapshot_expires_at_a_day_or_now_or_never(
    terminal: Terminal, daemon: Daemon, synced: str
) -> None:
    snapshot = daemon.snapshot(synced, Optime(9, 1))
    dated = terminal.run("snapshot", "expire", snapshot.id, "--at", "2030-01-31", "--json")
    assert (dated.code, "own date" in dated.value["kept_for"]) == (0, True)
    never = terminal.run("snapshot", "expire", snapshot.id, "--never", "audit", "--json")
    assert (never.code, never.value["hold"], never.value["expires_at"]) == (0, "audit", None)
    terminal.run("snapshot", "release", snapshot.id)
    now = terminal.run("snapshot", "expire", snapshot.id, "--yes", "--json")
    assert (now.code, now.value["kept_for"]) == (0, ["oplog window", "last good"])


@pytest.mark.parametrize("wrong", ["31.1.2030", "2030-01-31T18:00:00", "tomorrow", "2001-01-01"])
def test_a_day_that_is_none_is_refused(
    terminal: Terminal, daemon: Daemon, synced: str, wrong: str
) -> None:
    snapshot = daemon.snapshot(synced, Optime(9, 1))
    assert terminal.run("snapshot", "expire", snapshot.id, "--at", wrong).code == 2
    both = terminal.run("snapshot", "expire", snapshot.id, "--at", "2030-01-31", "--never", "x")
    assert both.code == 2


@pytest.mark.parametrize("command", ["delete", "expire"])
@pytest.mark.parametrize(
    ("typed", "done"), [("id", True), ("name", True), ("y", False), ("yes", False), ("", False)]
)
def test_what_can_not_be_undone_is_typed_out(
    terminal: Terminal, daemon: Daemon, synced: str, command: str, typed: str, done: bool
) -> None:
    snapshot = daemon.snapshot(synced, Optime(9, 1))
    word = {"id": snapshot.id, "name": synced}.get(typed, typed)
    ran = terminal.run("snapshot", command, snapshot.id, typed=f"{word}\n", tty=True)
    assert (ran.code == 0) is done
    assert f"type {snapshot.id} or {synced} to confirm" in ran.err
    record = terminal.run("snapshot", "show", snapshot.id, "--json").value
    assert (record["state"] == "deleting" or "base" not in record["kept_for"]) is done


def test_a_snapshot_is_taken_to_be_kept(terminal: Terminal, synced: str) -> None:
    taken = terminal.run(
        "snapshot", "take", synced, "--keep-days", "30", "--hold", "before the move", "--json"
    )
    assert (taken.code, taken.value["hold"]) == (0, "before the move")
