"""restore start: one place, one moment, and what of it, from the command line."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.cli.restore_options import (
    SelectionOptions,
    TargetOptions,
    selection_of,
    target_of,
)
from mmsconsole.cli.shell import Shell
from mmsconsole.clock import SystemClock
from mmsconsole.errors import UsageError
from mmsconsole.metadata.targets import WHOLE, Selection, Target, TargetKind
from mmsconsole.operations.operations import Operations
from mmsconsole.operations.views import RestorePlan, RestoreView
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret
from tests.cli.terminal import Stream, Terminal
from tests.operations.records import Daemon

URI = "mongodb://ada:hunter2@db1/?replicaSet=rs0"


def shell(typed: str = "", **environ: str) -> Shell:
    def none(*_: Any) -> Any:
        raise AssertionError("no engine is asked")

    return Shell(Stream(typed), Stream(), Stream(), environ, SystemClock(), none)


def target(**options: Any) -> Target:
    return target_of(shell(), TargetOptions(**options))[0]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"to_folder": Path("/r")}, Target(TargetKind.FOLDER, path="/r")),
        ({"to_folder": Path()}, Target(TargetKind.FOLDER, path="")),
        (
            {"to_tar": Path("/r.tar"), "compression": "zstd"},
            Target(TargetKind.TAR, path="/r.tar", compression="zstd"),
        ),
        (
            {"to_archive": Path("r"), "gzip": True},
            Target(TargetKind.ARCHIVE, path="r", compression="gzip"),
        ),
        ({"to_dump": Path("r")}, Target(TargetKind.DUMP, path="r")),
        (
            {"to_link": True, "hours": 4.0, "downloads": 0},
            Target(TargetKind.LINK, hours=4.0, downloads=0),
        ),
        (
            {"to_ssh": "ada@db1:/srv/r", "port": 2222, "identity": Path("k"), "archive": True},
            Target(TargetKind.SSH, host="db1", user="ada", path="/srv/r", port=2222, identity="k",
                   as_archive=True),
        ),
        ({"to_ssh": "db1:r:x"}, Target(TargetKind.SSH, host="db1", path="r:x")),
        ({"to_ssh": "a@[::1]:/r"}, Target(TargetKind.SSH, host="::1", user="a", path="/r")),
        (
            {"to_live": "shop", "overwrite": True, "mb_per_second": 5.0},
            Target(TargetKind.LIVE, deployment="shop", overwrite=True, mb_per_second=5.0),
        ),
    ],
)  # fmt: skip
def test_a_target_is_what_its_options_say(options: dict[str, Any], wanted: Target) -> None:
    assert target(**options) == wanted


@pytest.mark.parametrize(
    "options",
    [{}, {"to_folder": Path("a"), "to_tar": Path("b")}, {"to_link": True, "to_live": "shop"},
     {"to_folder": Path("a"), "uri_env": "X"}],
)  # fmt: skip
def test_exactly_one_place_is_named(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="exactly one place") as refused:
        target(**options)
    assert "--to-tar" in refused.value.hint


@pytest.mark.parametrize("place", ["db1", "db1:", ":/r", "a@b@c:/r", "@db1:/r", "/srv/r"])
def test_what_is_no_place_on_another_host_is_refused(place: str) -> None:
    with pytest.raises(UsageError, match="no place on another host"):
        target(to_ssh=place)


# -- what must stay secret


def test_a_password_in_the_arguments_is_refused() -> None:
    with pytest.raises(UsageError, match="can be read by others") as refused:
        target(to_live=URI)
    assert "hunter2" not in f"{refused.value}{refused.value.hint}{refused.value.where}"


def test_a_connection_string_comes_from_a_file_a_variable_or_stdin(tmp_path: Path) -> None:
    (tmp_path / "uri").write_text(f"{URI}\n")
    for asked, given in (
        (shell(), TargetOptions(uri_file=tmp_path / "uri")),
        (shell(THE_URI=URI), TargetOptions(uri_env="THE_URI")),
        (shell(f"{URI}\n"), TargetOptions(to_live="-")),
    ):
        found, secret = target_of(asked, given)
        assert (found, secret) == (Target(TargetKind.LIVE), Secret(URI))
        assert "hunter2" not in repr((found, secret))


def test_a_password_that_is_left_out_is_read_beside_it(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    options = TargetOptions(
        to_live="mongodb://ada@db1/?replicaSet=rs0", password_file=str(tmp_path / "password")
    )
    assert target_of(shell(), options)[1] == Secret(URI)


@pytest.mark.parametrize(
    "options", [{"uri_env": "NOSUCH"}, {"uri_env": "X", "to_live": "mongodb://db1"}]
)
def test_a_live_target_is_named_once_and_is_there(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        target(**options)


def test_the_passphrase_of_a_key_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("open sesame\n")
    options = TargetOptions(to_ssh="db1:/r", passphrase_file=tmp_path / "pass")
    assert target_of(shell(), options)[1] == Secret("open sesame")


# -- what of it


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, WHOLE),
        ({"ns": ["a", "b.c"]}, Selection(namespaces=("a", "b.c"), users=False)),
        ({"ns": ["a"], "users": True}, Selection(namespaces=("a",))),
        ({"exclude": ["a"]}, Selection(excluded=("a",))),
        ({"users": False, "no_indexes": True}, Selection(users=False, indexes=False)),
        ({"rename": ["a=b", "c.d=e.f"]}, Selection(renames=(("a", "b"), ("c.d", "e.f")))),
        ({"filters": ['a.b={"x": "="}']}, Selection(filters=(("a.b", '{"x": "="}'),))),
    ],
)
def test_a_selection_is_what_its_options_say(options: dict[str, Any], wanted: Selection) -> None:
    assert selection_of(SelectionOptions(**options)) == wanted


@pytest.mark.parametrize("text", ["a", "a=", "=b", ""])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not of the form FROM=TO"):
        selection_of(SelectionOptions(rename=[text]))


# -- the command


def test_a_dry_run_tells_the_plan_and_asks_for_nothing(
    terminal: Terminal, daemon: Daemon, synced: str, tmp_path: Path
) -> None:
    daemon.snapshot(synced, Optime(9, 1), mongod_version="6.0.5", fcv="6.0")
    start = ["restore", "start", synced, "--at", "latest", "--to-tar", str(tmp_path / "r.tar")]
    ran = terminal.run(*start, "--ns", "app", "--dry-run", "--json")
    assert ran.value["kind"] == "tar"
    assert ran.value["what"] == "'app'; without users and roles"
    assert ran.value["seconds"] > 0
    shown = terminal.run(*start, "--dry-run").out
    assert all(word in shown for word in ("takes", "about", "disk", "by way of", "note"))
    assert daemon.open_jobs() == []


def test_the_moment_that_was_shown_is_the_one_that_is_restored(
    terminal: Terminal, daemon: Daemon, synced: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The oplog goes on while somebody reads and types."""
    daemon.snapshot(synced, Optime(100, 1), mongod_version="6.0.5", fcv="6.0")
    daemon.chunks(synced, Optime(90, 1), Optime(150, 1))
    real = Operations.plan_restore

    def slowly(operations: Operations, *args: Any, **options: Any) -> RestorePlan:
        planned = real(operations, *args, **options)
        daemon.chunks(synced, Optime(150, 1), Optime(200, 1))
        return planned

    monkeypatch.setattr(Operations, "plan_restore", slowly)
    ran = terminal.run(
        "restore", "start", synced, "--at", "latest", "--to-folder", str(tmp_path / "r"), "--json"
    )
    assert (ran.value["point"]["t"], ran.value["point"]["i"]) == (150, 1)


@pytest.mark.parametrize(("differs", "code"), [(False, 0), (True, 1)])
def test_who_waits_learns_from_the_exit_code_whether_the_target_holds_what_it_should(
    terminal: Terminal, daemon: Daemon, synced: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, differs: bool, code: int,
) -> None:  # fmt: skip
    daemon.snapshot(synced, Optime(9, 1), mongod_version="6.0.5", fcv="6.0")
    real = Operations.restore

    def ended(operations: Operations, id_: str) -> RestoreView:
        return replace(real(operations, id_), state="done", differs=differs)

    monkeypatch.setattr(Operations, "restore", ended)
    start = ["restore", "start", synced, "--at", "latest", "--to-folder", str(tmp_path / "r")]
    assert terminal.run(*start, "--wait").code == code


def test_a_restore_of_a_part_is_started_and_shown(
    terminal: Terminal, daemon: Daemon, synced: str, tmp_path: Path
) -> None:
    daemon.snapshot(synced, Optime(9, 1), mongod_version="6.0.5", fcv="6.0")
    ran = terminal.run(
        "restore", "start", synced, "--at", "latest", "--to-tar", str(tmp_path / "r.tar"),
        "--ns", "app", "--rename", "app=app2", "--compression", "gzip", "--json",
    )  # fmt: skip
    view = ran.value
    assert (view["kind"], view["where"]["compression"]) == ("tar", "gzip")
    assert view["selection"]["renames"] == [["app", "app2"]]
    shown = terminal.run("restore", "show", view["id"]).out
    assert "'app' as 'app2'" in shown
    assert str(tmp_path / "r.tar") in shown


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--ns", "admin"], "refused"),
        (["--ns", "a/b"], "usage"),
        (["--rename", "a=local"], "refused"),
        (["--filter", "a.b={}"], "usage"),
        (["--compression", "lzma"], "usage"),
        (["--rename", "a"], "usage"),
    ],
)
def test_what_can_not_be_is_refused(
    terminal: Terminal, daemon: Daemon, synced: str, tmp_path: Path, options: list[str], code: str
) -> None:
    daemon.snapshot(synced, Optime(9, 1))
    ran = terminal.run(
        "restore", "start", synced, "--at", "latest", "--to-tar", str(tmp_path / "r.tar"),
        *options, "--json",
    )  # fmt: skip
    assert ran.value["error"]["code"] == code
    assert daemon.open_jobs() == []


@pytest.mark.parametrize("typed", ["shop\n", "y\n", "nosuch\n"])
def test_what_runs_is_written_into_only_after_its_name_was_typed(
    terminal: Terminal, daemon: Daemon, synced: str, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.restore.test_job import Streamed

    monkeypatch.setattr(
        "mmsconsole.restore.delivery.choosing.delivery_class", lambda where: Streamed
    )
    daemon.snapshot(synced, Optime(9, 1))
    start = ["restore", "start", synced, "--at", "latest", "--to-live", synced, "--overwrite"]
    refused = terminal.run(*start, "--json")
    assert refused.value["error"]["code"] == "refused"
    asked = terminal.run(*start, typed=typed, tty=True)
    assert "what is there of the same name is dropped" in asked.err
    assert len(daemon.open_jobs()) == (typed == "shop\n")
