"""Every target by the wizard, with keys alone, in a real terminal against a real engine.

One engine, one source and one console for the whole module; each test begins at the overview.
"""

import re
import subprocess
import tarfile
from collections.abc import Iterator

import pytest

from mmsconsole.demo.accident import newest_entry
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.mongod.fingerprint import differences
from tests.support.console_terminal import ConsoleTerminal
from tests.support.folders import short_folder_for
from tests.support.sshd import SshServer
from tests.support.stage import NAME, Moment, Stage

pytestmark = pytest.mark.xdist_group("product brought back")

ENTER, TAB, ESCAPE, CLEAR, DOWN = "\r", "\t", "\x1b", "\x15", "\x1b[B"
CURL_SECONDS = 240


@pytest.fixture(scope="module")
def stage(mongod_binary: MongodBinary) -> Iterator[Stage]:
    """In sync, with a snapshot; its front end listens."""
    with short_folder_for("mms-wizard-") as folder:
        stage = Stage(folder, mongod_binary, members=1, MMSCONSOLE_SERVICE_LISTEN="127.0.0.1:0")
        try:
            stage.open().start_engine()
            stage.client.app.things.insert_many([{"_id": n, "by": n % 7} for n in range(200)])
            stage.client.app.more.insert_many([{"_id": n} for n in range(100)])
            stage.add_deployment()
            stage.start_backup()
            stage.wait_in_sync()
            stage.take_snapshot()
            yield stage
        finally:
            stage.close()


@pytest.fixture(scope="module")
def moment(stage: Stage) -> Moment:
    """Behind the snapshot."""
    stage.client.app.things.update_many({"by": 3}, {"$set": {"behind": "the snapshot"}})
    stage.wait_stored(newest_entry(stage.client, {"op": {"$ne": "n"}}))
    moment = stage.moment("behind the snapshot")
    stage.wait_stored(moment.optime)
    return moment


@pytest.fixture(scope="module")
def opened(stage: Stage) -> Iterator[ConsoleTerminal]:
    home = stage.folder / "home"
    with ConsoleTerminal(
        home=home, size=(100, 30), environ=stage.environ, module="mmsconsole"
    ) as terminal:
        yield terminal


@pytest.fixture
def terminal(opened: ConsoleTerminal) -> ConsoleTerminal:
    """At the overview."""
    opened.press_until("1", "ANY SECOND")
    return opened


def choose(terminal: ConsoleTerminal, moment: Moment, kind: str, *what: str) -> None:
    """Up to the rows of the kind; `what` is typed row after row."""
    point = f"{moment.optime.t}:{moment.optime.i}"
    terminal.press_until("R", "or type it")
    terminal.press(TAB + CLEAR)
    terminal.press_until(point, point)
    terminal.press_until(ENTER, "Databases and collections; empty: everything.")
    for text in what:
        terminal.press_until(text, text)
        terminal.press(DOWN)
    terminal.press_until(ENTER, "the letter chooses")
    letter, shown = kind.split(" ", 1)
    terminal.press_until(letter, f"▸ {letter}  {shown}")
    terminal.press_until(ENTER, f"to {shown}: ")


def typed(terminal: ConsoleTerminal, *rows: str) -> None:
    """Row after row; an empty one leaves what is there."""
    for place, text in enumerate(rows):
        if place:
            terminal.press(DOWN)
        if text:
            terminal.press(CLEAR + text)


def run(terminal: ConsoleTerminal, review: str) -> None:
    terminal.press_until(ENTER, "to know")
    terminal.until("included")
    terminal.until(review)
    terminal.press(ENTER)


def done(terminal: ConsoleTerminal) -> None:
    terminal.until("✓ done")


def test_a_folder(stage: Stage, moment: Moment, terminal: ConsoleTerminal) -> None:
    target = stage.new_target()
    choose(terminal, moment, "f a folder")
    typed(terminal, str(target))
    run(terminal, str(target))
    done(terminal)
    terminal.until(f"mongod --dbpath {target}")
    assert differences(moment.state, stage.state_of(target)) == []


def test_a_tar_file(stage: Stage, moment: Moment, terminal: ConsoleTerminal) -> None:
    file = stage.folder / "all.tar.gz"
    choose(terminal, moment, "t a tar file")
    typed(terminal, str(file))
    terminal.press(DOWN + "g")
    run(terminal, str(file))
    done(terminal)
    terminal.until(f"sha256sum -c {file}.sha256")
    with tarfile.open(file) as tar:
        assert "WiredTiger" in tar.getnames()


def test_an_archive_and_a_dump_of_one_collection(
    stage: Stage, moment: Moment, terminal: ConsoleTerminal
) -> None:
    file, folder = stage.folder / "one.archive", stage.folder / "dump"
    choose(terminal, moment, "a a mongodump archive", "app.more")
    typed(terminal, str(file))
    run(terminal, "'app.more'; without users and roles")
    done(terminal)
    assert file.read_bytes()[:4] == b"\x6d\xe2\x99\x81"

    terminal.press_until("1", "ANY SECOND")
    choose(terminal, moment, "d a mongodump folder", "app.more")
    typed(terminal, str(folder))
    run(terminal, str(folder))
    done(terminal)
    assert [path.name for path in sorted((folder / "app").iterdir())] == [
        "more.bson", "more.metadata.json",
    ]  # fmt: skip


def test_a_link_whose_curl_line_can_be_pasted_from_the_screen(
    stage: Stage, moment: Moment, terminal: ConsoleTerminal
) -> None:
    folder = stage.folder / "download"
    folder.mkdir()
    choose(terminal, moment, "l a link to download")
    run(terminal, "a download link")
    terminal.until("the link is ready")
    terminal.until("Told once")
    terminal.until("goes to the link")  # below the command, which is whole then
    command = pasted(terminal.text)
    ran = subprocess.run(command, shell=True, cwd=folder, timeout=CURL_SECONDS, check=False)
    assert ran.returncode == 0, command
    with tarfile.open(next(folder.iterdir())) as tar:
        assert "WiredTiger" in tar.getnames()


def pasted(screen: str) -> str:
    """The command line as somebody marks it with the mouse: the shell joins its lines."""
    found = re.search(r"^curl (.*\\ *\n)*.*", screen, re.MULTILINE)
    assert found, screen
    return "\n".join(line.rstrip() for line in found[0].splitlines())


def test_another_host_by_ssh(
    stage: Stage, moment: Moment, terminal: ConsoleTerminal, ssh_server: SshServer
) -> None:
    target, login = stage.folder / "pushed", ssh_server.login
    choose(terminal, moment, "s another host, by SSH")
    typed(
        terminal, login.host, login.user, str(target), "", str(login.port), login.identity, "",
        login.known_hosts,
    )  # fmt: skip
    run(terminal, f"{login.user}@{login.host}:{target}")
    done(terminal)
    assert differences(moment.state, stage.state_of(target)) == []


def test_a_live_deployment_beside_what_is_there(
    stage: Stage, moment: Moment, terminal: ConsoleTerminal
) -> None:
    """What is there is refused first, and what was typed is kept."""
    choose(terminal, moment, "v a live deployment", "app.more")
    typed(terminal, NAME)
    terminal.press_until(ENTER, "✗ ")
    terminal.press_until(ESCAPE, "the letter chooses")
    terminal.press_until(ESCAPE, "What is left out of that.")
    terminal.press_until(DOWN, "OLD=NEW")
    terminal.press_until("app.more=app.old", "app.more=app.old")
    terminal.press_until(ENTER, "the letter chooses")
    terminal.press_until(ENTER, "to a live deployment: ")
    run(terminal, "'app.more' as 'app.old'")
    terminal.press_until(NAME, f"Type {NAME} to confirm:")
    terminal.press(ENTER)
    done(terminal)
    terminal.until("DbHash equal for 1 collections")
    assert stage.client.app.old.count_documents({}) == 100


def test_a_live_target_by_its_connection_string(
    stage: Stage, moment: Moment, terminal: ConsoleTerminal
) -> None:
    choose(terminal, moment, "v a live deployment", "app.more", "", "app.more=app.by_uri")
    terminal.press(CLEAR)  # the name that was used last
    typed(terminal, "", stage.source.uri)
    run(terminal, "'app.more' as 'app.by_uri'")
    terminal.until("to confirm:")
    found = re.search(r"Type (\S+) to confirm:", terminal.text)
    assert found
    terminal.press(found[1] + ENTER)
    done(terminal)
    assert stage.client.app.by_uri.count_documents({}) == 100


def test_opened_for_questions_and_gone_to(
    stage: Stage, moment: Moment, terminal: ConsoleTerminal
) -> None:
    choose(terminal, moment, "o be open for questions")
    typed(terminal, "1")
    run(terminal, "a read-only mongod on this machine")
    terminal.until("It is open: enter goes to it.")
    stage.wait("it was not open", lambda: is_open(stage))
    terminal.press_until(ENTER, "things")


def is_open(stage: Stage) -> bool | None:
    return True if stage.cli.at_once("query", "list")[0]["state"] == "open" else None
