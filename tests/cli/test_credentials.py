"""A password is asked for or read, is never needed in the arguments, and is never shown."""

from pathlib import Path

import pytest

from mmsconsole.cli.credentials import wants_password, with_password
from mmsconsole.errors import UsageError
from tests.cli.terminal import Ran, Terminal
from tests.operations.records import Daemon

PASSWORD = "hunter2"
USER_ONLY = "mongodb://backup@source:27017/?replicaSet=rs0"
WHOLE = f"mongodb://backup:{PASSWORD}@source:27017/?replicaSet=rs0"


def stored(daemon: Daemon) -> str:
    return daemon.metadata.deployments.named("shop").uri.reveal()


def unseen(ran: Ran) -> bool:
    return ran.code == 0 and PASSWORD not in ran.out + ran.err


def test_a_password_that_is_lacking_is_asked_for(terminal: Terminal, daemon: Daemon) -> None:
    terminal.passwords = [PASSWORD]
    ran = terminal.run("deployment", "add", "shop", USER_ONLY, tty=True)
    assert unseen(ran)
    assert terminal.asked == ["password of backup: "]
    assert stored(daemon) == WHOLE


def test_a_password_in_the_arguments_works_and_warns(terminal: Terminal, daemon: Daemon) -> None:
    ran = terminal.run("deployment", "add", "shop", WHOLE, "--json")
    assert unseen(ran)
    assert "warning: a password in the arguments" in ran.err
    assert stored(daemon) == WHOLE


def test_a_connection_string_comes_from_a_file(
    terminal: Terminal, daemon: Daemon, tmp_path: Path
) -> None:
    file = tmp_path / "uri"
    file.write_text(WHOLE + "\n# more\n")
    ran = terminal.run("deployment", "add", "shop", "--uri-file", str(file))
    assert unseen(ran)
    assert "warning" not in ran.err
    assert stored(daemon) == WHOLE


def test_a_connection_string_comes_from_stdin(terminal: Terminal, daemon: Daemon) -> None:
    assert unseen(terminal.run("deployment", "add", "shop", "-", typed=WHOLE + "\n"))
    assert stored(daemon) == WHOLE


@pytest.mark.parametrize("arguments", [[], ["--password-file", "-"]])
def test_stdin_may_have_the_password_on_a_second_line(
    terminal: Terminal, daemon: Daemon, arguments: list[str]
) -> None:
    typed = f"{USER_ONLY}\n{PASSWORD}\n"
    assert unseen(terminal.run("deployment", "add", "shop", "-", *arguments, typed=typed))
    assert stored(daemon) == WHOLE


def test_a_password_comes_from_stdin(terminal: Terminal, daemon: Daemon) -> None:
    ran = terminal.run(
        "deployment", "add", "shop", USER_ONLY, "--password-file", "-", typed=PASSWORD
    )
    assert unseen(ran)
    assert stored(daemon) == WHOLE


def test_a_password_comes_from_a_file_and_edit_keeps_the_rest(
    terminal: Terminal, daemon: Daemon, shop: str, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("p@ss/w:rd\n")
    ran = terminal.run("deployment", "edit", shop, USER_ONLY, "--password-file", str(file))
    assert ran.code == 0
    assert stored(daemon) == USER_ONLY.replace("backup@", "backup:p%40ss%2Fw%3Ard@")


def test_without_a_terminal_a_lacking_password_is_refused(terminal: Terminal) -> None:
    ran = terminal.run("deployment", "add", "shop", USER_ONLY, "--json")
    assert ran.code == 4
    assert "--password-file" in ran.value["error"]["hint"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["mongodb://h", "--uri-file", "x"],
        ["--uri-file", "/no/such/file"],
        ["mongodb://h", "--password-file", "/no/such/file"],
        ["-"],
    ],
)
def test_a_connection_string_is_named_once_and_can_be_read(
    terminal: Terminal, arguments: list[str]
) -> None:
    ran = terminal.run("deployment", "add", "shop", *arguments, "--json")
    assert (ran.code, ran.value["error"]["code"]) == (2, "usage")


def test_a_file_that_is_empty_or_no_text_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    for content in (b"", b"\n", b"\xff\xfe\n"):
        file = tmp_path / "uri"
        file.write_bytes(content)
        assert terminal.run("deployment", "add", "shop", "--uri-file", str(file)).code == 2


@pytest.mark.parametrize(
    ("uri", "wanted"),
    [
        ("mongodb://u@h", True),
        ("mongodb+srv://u@h", True),
        ("mongodb://u:p@h", False),
        ("mongodb://u:@h", False),
        ("mongodb://h", False),
        ("mongodb://CN=x@h/?authMechanism=MONGODB-X509", False),
        ("nonsense", False),
    ],
)
def test_a_password_is_wanted_where_a_user_has_none(uri: str, wanted: bool) -> None:
    assert wants_password(uri) is wanted


@pytest.mark.parametrize("uri", ["mongodb://h", "mongodb://u:p@h", "nonsense"])
def test_a_password_without_a_user_is_refused(uri: str) -> None:
    with pytest.raises(UsageError):
        with_password(uri, PASSWORD)


def test_nobody_is_asked_for_a_password_while_no_engine_runs(no_engine: Terminal) -> None:
    no_engine.passwords = [PASSWORD]
    assert no_engine.run("deployment", "add", "shop", USER_ONLY, tty=True).code == 3
    assert no_engine.asked == []
