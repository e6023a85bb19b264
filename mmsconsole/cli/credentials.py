"""Connection strings and passwords, read so that they need not stand in the arguments."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mmsconsole.cli.shell import Shell
from mmsconsole.errors import Refused, UsageError
from mmsconsole.secret import Secret

STDIN = "-"
LINE_MAX = 64 * 1024

_USER = re.compile(r"(mongodb(?:\+srv)?://)([^@/:]+)@")
_USER_AND_PASSWORD = re.compile(r"mongodb(?:\+srv)?://[^@/:]*:[^@]*@")
_NO_PASSWORD = re.compile(r"authMechanism=(MONGODB-X509|GSSAPI|MONGODB-AWS|MONGODB-OIDC)", re.I)

WARNING = (
    "warning: a password in the arguments can be read by other users of this host, and stays in "
    "the shell's history; use --uri-file, or - for stdin"
)

STORE_WARNING = WARNING.replace("--uri-file, or - for stdin", "- for stdin")


@dataclass(frozen=True, slots=True)
class UriArguments:
    uri: str | None
    """As it stands in the arguments; `-`: one line of stdin."""
    uri_file: Path | None
    password_file: str | None
    """`-`: one line of stdin."""


def read_uri(shell: Shell, arguments: UriArguments) -> Secret | None:
    """The whole connection string, or None where none was named.

    A password that it lacks is read from the named file or from stdin, else asked for.
    """
    if arguments.uri is not None and arguments.uri_file is not None:
        raise UsageError("name the connection string once", hint="URI, --uri-file FILE, or -")
    uri = _uri(shell, arguments)
    if uri is None:
        return None
    if arguments.password_file is None and not wants_password(uri):
        return Secret(uri)
    return Secret(with_password(uri, _password(shell, arguments, uri)))


def read_store_url(shell: Shell, url: str) -> Secret:
    """`-`: one line of stdin. A folder may be named as it is seen from here."""
    if url == STDIN:
        return Secret(_stdin_line(shell, "the URL of a store"))
    if _USER_AND_PASSWORD.match(url):
        shell.tell(STORE_WARNING)
    if "://" in url:
        return Secret(url)
    folder = Path(url).expanduser().absolute()
    if not folder.is_dir():
        raise UsageError("there is no such folder", where=str(folder))
    return Secret(str(folder))


def read_line_of(shell: Shell, named: str, what: str) -> str:
    """The first line of a file; `-`: of stdin."""
    return _stdin_line(shell, what) if named == STDIN else _first_line(Path(named))


def holds_password(uri: str) -> bool:
    return _USER_AND_PASSWORD.match(uri) is not None


def wants_password(uri: str) -> bool:
    return _USER.match(uri) is not None and _NO_PASSWORD.search(uri) is None


def with_password(uri: str, password: str) -> str:
    """Raises UsageError when there is no user that it could belong to, or a password already."""
    found = _USER.match(uri)
    if found is None:
        raise UsageError("the connection string has no user without a password")
    scheme, user = found.groups()
    return f"{scheme}{user}:{quote(password, safe='')}@{uri[found.end() :]}"


def _uri(shell: Shell, arguments: UriArguments) -> str | None:
    if arguments.uri_file is not None:
        return _first_line(arguments.uri_file)
    if arguments.uri == STDIN:
        return _stdin_line(shell, "a connection string")
    if arguments.uri is not None and _USER_AND_PASSWORD.match(arguments.uri):
        shell.tell(WARNING)
    return arguments.uri


def _password(shell: Shell, arguments: UriArguments, uri: str) -> str:
    if arguments.password_file == STDIN:
        return _stdin_line(shell, "a password")
    if arguments.password_file is not None:
        return _first_line(Path(arguments.password_file))
    if shell.can_ask:
        found = _USER.match(uri)
        return shell.ask_password(f"password of {found[2] if found else 'the user'}: ")
    if arguments.uri == STDIN:
        return _stdin_line(shell, "a password, on the line after the connection string")
    raise Refused(
        "the connection string has a user and no password, and there is no terminal to ask on",
        hint="--password-file FILE, or - for stdin",
    )


def _stdin_line(shell: Shell, what: str) -> str:
    line = shell.stdin.readline(LINE_MAX).rstrip("\r\n")
    if not line:
        raise UsageError(f"stdin should have {what}")
    return line


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            line = file.readline(LINE_MAX).rstrip("\r\n")
    except OSError as error:
        raise UsageError(f"can not be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise UsageError("is not text in UTF-8", where=str(path)) from error
    if not line:
        raise UsageError("the first line is empty", where=str(path))
    return line
