"""A collection is dropped, and what was there before comes back by every road there is.

One engine and one source for the whole module, asked by the command line alone.
"""

import hashlib
import json
import shlex
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard

from mmsconsole.demo.accident import Accident, drop_collection
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.mongod.fingerprint import Fingerprint, differences, fingerprint
from tests.support.folders import short_folder_for
from tests.support.paused import held_replay, holding_mongod
from tests.support.sshd import SshServer
from tests.support.stage import NAME, Stage, optime_of

pytestmark = pytest.mark.xdist_group("product brought back")

DATABASE, DROPPED, CHANGED = "app", "things", "more"
DOCUMENTS = 2_000
CURL_SECONDS = 240
NOT_THERE = 22
"""curl's exit code for an answer of 400 and more."""
ENDED = ("done", "failed", "cancelled")


@pytest.fixture(scope="module")
def stage(mongod_binary: MongodBinary) -> Iterator[Stage]:
    """In sync, with a snapshot and oplog behind it; its front end listens."""
    with short_folder_for("mms-restores-") as folder:
        stage = Stage(
            folder, mongod_binary, members=1, MMSCONSOLE_SERVICE_LISTEN="127.0.0.1:0",
            MMSCONSOLE_MONGOD_BINARIES=holding_mongod(folder, mongod_binary),
        )  # fmt: skip
        try:
            stage.open().start_engine()
            fill(stage)
            stage.add_deployment()
            stage.start_backup()
            stage.wait_in_sync()
            stage.take_snapshot()
            yield stage
        finally:
            stage.close()


def fill(stage: Stage) -> None:
    things, more = stage.client[DATABASE][DROPPED], stage.client[DATABASE][CHANGED]
    things.insert_many([{"_id": n, "text": "x" * 500, "by": n % 7} for n in range(DOCUMENTS)])
    things.create_index("by")
    more.insert_many([{"_id": n} for n in range(100)])


@pytest.fixture(scope="module")
def lost(stage: Stage) -> Accident:
    """Dropped behind the snapshot, with changes before it and after it."""
    stage.client[DATABASE][DROPPED].update_many({"by": 3}, {"$set": {"behind": "the snapshot"}})
    accident = drop_collection(stage.client, DATABASE, DROPPED)
    stage.client[DATABASE][CHANGED].update_many({}, {"$set": {"changed": "later"}})
    stage.wait_stored(accident.dropped)
    return accident


@pytest.fixture(scope="module")
def point(stage: Stage, lost: Accident) -> str:
    """As the oplog browser finds it."""
    found = stage.cli.at_once("oplog", NAME, "--drops")[0]
    assert found["ns"] == lost.namespace
    return f"before:{optime_of(found['first'])}"


def restored(stage: Stage, point: str, *where: str) -> dict[str, Any]:
    asked = ("restore", "start", NAME, "--at", point, *where, "--wait", "--yes")
    view: dict[str, Any] = stage.cli.at_once(*asked)
    assert view["state"] == "done"
    return view


def begun(stage: Stage, point: str, *where: str) -> dict[str, Any]:
    view: dict[str, Any] = stage.cli.at_once("restore", "start", NAME, "--at", point, *where)
    return view


def wait_ended(stage: Stage, restore: Mapping[str, Any]) -> str:
    def look() -> str | None:
        state = str(stage.cli.at_once("restore", "show", restore["id"])["state"])
        return state if state in ENDED else None

    return stage.wait("the restore did not end", look)


def wait_for_replay(stage: Stage, restore: Mapping[str, Any]) -> None:
    """Of a restore that is held there."""

    def look() -> bool | None:
        state = stage.cli.at_once("restore", "show", restore["id"])["state"]
        return True if state == "applying oplog" else None

    stage.wait("the restore came to no replay", look)


def stagings(stage: Stage) -> Path:
    return stage.folder / "home" / "restores"


def staging_of(stage: Stage, restore: Mapping[str, Any]) -> Path:
    return stagings(stage) / str(restore["id"])


def wait_gone(stage: Stage, folder: Path) -> None:
    """It goes when the restore has ended."""
    stage.wait(f"{folder} stays", lambda: None if folder.exists() else True)


def of_database(state: Fingerprint) -> Fingerprint:
    """Without UUIDs: where documents go, they are new."""
    namespaces = state.namespaces.items()
    return Fingerprint(
        {ns: replace(one, uuid="") for ns, one in namespaces if ns.startswith(f"{DATABASE}.")}
    )


def checked_sum(file: Path) -> None:
    told = file.with_name(f"{file.name}.sha256").read_text().partition(" ")[0]
    assert told == hashlib.sha256(file.read_bytes()).hexdigest()


# -- files


def test_a_folder_has_what_was_there_just_before_the_drop(
    stage: Stage, lost: Accident, point: str
) -> None:
    target = stage.new_target()

    view = restored(stage, point, "--to-folder", str(target))

    assert (view["optime"]["t"], view["optime"]["i"]) == (lost.before.t, lost.before.i)
    assert differences(lost.state, stage.state_of(target)) == []


def test_a_tar_file_has_the_same_and_its_sum_beside_it(
    stage: Stage, lost: Accident, point: str
) -> None:
    file, target = stage.folder / "all.tar.zst", stage.new_target()

    restored(stage, point, "--to-tar", str(file), "--compression", "zstd")

    checked_sum(file)
    with (
        file.open("rb") as packed,
        zstandard.ZstdDecompressor().stream_reader(packed) as plain,
        tarfile.open(fileobj=plain, mode="r|") as tar,
    ):
        tar.extractall(target, filter="data")
    assert differences(lost.state, stage.state_of(target)) == []


def test_a_link_is_gone_on_with_after_a_break_and_good_once(
    stage: Stage, lost: Accident, point: str
) -> None:
    folder, target = stage.folder / "download", stage.new_target()
    folder.mkdir()
    view = restored(stage, point, "--to-link")
    offer, ca = view["offer"], stage.cli.at_once("link", "ca")["ca"]
    printed = shlex.split(offer["curl"])
    file = folder / printed[printed.index("-o") + 1]
    plain = ["curl", "-fgsS", "--cacert", ca, "-o"]
    sum_file = f"{file.name}.sha256"

    assert curl([*plain, file.name, "-r", "0-9999", offer["url"]], folder) == 0
    assert file.stat().st_size == 10_000
    stage.wait(
        "its sum was not told",
        lambda: True if curl([*plain, sum_file, offer["sha256_url"]], folder) == 0 else None,
    )
    assert curl([*printed, "-sS"], folder) == 0
    assert curl([*plain, "again", offer["url"]], folder) == NOT_THERE

    checked_sum(file)
    assert stage.cli.at_once("link", "show", view["id"])["state"] == "used up"
    with tarfile.open(file) as tar:
        tar.extractall(target, filter="data")
    assert differences(lost.state, stage.state_of(target)) == []


def curl(command: list[str], folder: Path) -> int:
    return subprocess.run(command, cwd=folder, timeout=CURL_SECONDS, check=False).returncode


def test_another_host_gets_the_files_by_ssh(
    stage: Stage, lost: Accident, point: str, ssh_server: SshServer
) -> None:
    target, login = stage.folder / "pushed", ssh_server.login

    restored(
        stage, point, "--to-ssh", f"{login.user}@{login.host}:{target}", "--port", str(login.port),
        "--identity", login.identity, "--known-hosts", login.known_hosts,
    )  # fmt: skip

    assert target.stat().st_mode & 0o777 == 0o700
    assert differences(lost.state, stage.state_of(target)) == []


# -- documents


@pytest.mark.parametrize("options", [("--to-dump",), ("--gzip", "--to-archive")])
def test_a_dump_loaded_into_an_empty_mongod_has_the_same(
    stage: Stage, lost: Accident, point: str, options: tuple[str, ...]
) -> None:
    path, empty = stage.new_target(), stage.new_target()
    restored(stage, point, *options, str(path))

    with stage.mongod_on(empty) as client:
        socket = str(stage.folder / "restored.sock").replace("/", "%2F")
        stage.cli.at_once("restore", "dump", str(path), "--to-live", f"mongodb://{socket}")
        loaded = fingerprint(client, [DATABASE])

    assert differences(of_database(lost.state), of_database(loaded)) == []


def test_a_live_restore_is_refused_where_something_is_and_goes_beside_it(
    stage: Stage, lost: Accident, point: str
) -> None:
    changed = f"{DATABASE}.{CHANGED}"
    before = fingerprint(stage.client, [DATABASE]).namespaces[changed]
    asked = ("--to-live", NAME, "--ns", changed)
    refused = stage.cli.run("restore", "start", NAME, "--at", point, *asked, "--yes")
    assert (refused.code, refused.value["error"]["code"]) == (4, "target_not_empty")

    view = restored(stage, point, *asked, "--rename", f"{changed}={changed}_old")

    now = fingerprint(stage.client, [DATABASE]).namespaces
    assert now[f"{changed}_old"].md5 == lost.state.namespaces[changed].md5
    assert now[changed] == before
    assert now[changed].md5 != now[f"{changed}_old"].md5
    assert "DIFFERENT" not in view["verified"]


def test_a_moment_is_opened_asked_and_closed(stage: Stage, lost: Accident, point: str) -> None:
    ns = lost.namespace
    opened = stage.cli.at_once("query", "open", NAME, "--at", point, "--hours", "1", "--wait")
    assert opened["state"] == "open", opened["reason"]
    files = staging_of(stage, opened)

    found = stage.cli.at_once("query", "find", opened["id"], ns, "--filter", '{"by": 3, "_id": 3}')

    assert [json.loads(text)["behind"] for text in found["documents"]] == ["the snapshot"]
    assert files.exists()
    stage.cli.at_once("query", "close", opened["id"])

    def closed() -> bool | None:
        view = stage.cli.at_once("query", "show", opened["id"])
        return True if view["state"] == "closed" and not files.exists() else None

    stage.wait("it was not closed", closed)


# -- ends


def test_cancelled_in_its_middle_it_leaves_nothing(stage: Stage, point: str) -> None:
    file = stage.folder / "cancelled.tar"
    with held_replay(stage.folder, stagings(stage)):
        view = begun(stage, point, "--to-tar", str(file))
        wait_for_replay(stage, view)
        stage.cli.at_once("restore", "cancel", view["id"])
        stage.wait_for_heartbeats(view["job"])

    assert wait_ended(stage, view) == "cancelled"
    wait_gone(stage, staging_of(stage, view))
    assert list(stage.folder.glob("cancelled.tar*")) == []


def test_an_engine_killed_in_its_middle_goes_on_and_nothing_of_it_stays(
    stage: Stage, lost: Accident, point: str
) -> None:
    path, empty = stage.folder / "killed.archive", stage.new_target()
    with held_replay(stage.folder, stagings(stage)):
        view = begun(stage, point, "--to-archive", str(path))
        wait_for_replay(stage, view)
        stage.kill_engine()
    stage.start_engine()

    assert wait_ended(stage, view) == "done"

    checked_sum(path)
    wait_gone(stage, staging_of(stage, view))
    assert sorted(file.name for file in stage.folder.glob("killed*")) == [
        "killed.archive", "killed.archive.sha256",
    ]  # fmt: skip
    with stage.mongod_on(empty) as client:
        socket = str(stage.folder / "restored.sock").replace("/", "%2F")
        stage.cli.at_once("restore", "dump", str(path), "--to-live", f"mongodb://{socket}")
        loaded = fingerprint(client, [DATABASE])
    assert differences(of_database(lost.state), of_database(loaded)) == []
