"""How a process reaches the metadata database: the engine's private one, or an external one."""

import socket as sockets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymongo
from pymongo import MongoClient

from mmsconsole.errors import MetadataError, NoEngine, SettingsError, UsageError
from mmsconsole.metadata.credentials import Credentials, load_credentials
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.failures import HINT, metadata_errors
from mmsconsole.metadata.migrations import check_schema, schema_version
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.source_uri import SourceUri, parse_uri
from mmsconsole.secret import Secret
from mmsconsole.settings import HOME, Home, Settings

SOCKET = "metadata.sock"
LONGEST_SOCKET = f"h-{'0' * 12}.sock"
"""The sockets of heads and restores lie beside it, under names of this length."""
ANSWER_SECONDS = 2.0
"""A console waits this long for an engine's answer before it says that there is none."""

BUSY_SECONDS = 20.0
"""And this much longer where somebody listens: a busy machine is no reason to deny an engine."""

SELECTION_SECONDS = 15
"""An operation of the engine waits this long for a database that is being started again."""

SELECTION_SECONDS_OF_PEOPLE = 5
"""An operation of a console or command does: somebody is looking."""

CONNECT_SECONDS = 10
SOCKET_SECONDS = 30
APP_NAME = "mmsconsole"
EXTERNAL = "metadata.uri"
"""Where an external database is named."""
EXTERNAL_HINT = "the settings ([metadata] uri) name it: is that right, and does it run?"


def socket_of(home: Home) -> Path:
    """Raises SettingsError if the path of a socket there is longer than it may be."""
    longest = home.run / LONGEST_SOCKET
    try:
        Address.unix(longest)
    except UsageError as error:
        hint = f"set {HOME} to a shorter path, /var/lib/mms for example"
        raise SettingsError(error.what, where=str(longest), hint=hint) from error
    return home.run / SOCKET


def is_external(settings: Settings) -> bool:
    """Whether the settings name a database that is not the engine's own."""
    return bool(settings.tree.metadata.uri.get_secret_value())


def connect(settings: Settings) -> Metadata:
    """The metadata database of an engine that runs, for console and command line.

    Raises NoEngine when nobody listens within about ANSWER_SECONDS, or answers within
    BUSY_SECONDS, or when the engine has not yet made the database ready; MetadataError when it
    holds a newer program's schema or an external database does not answer.
    """
    home = str(settings.home.data)
    if not is_external(settings) and not socket_of(settings.home).exists():
        raise NoEngine("no engine runs here", where=home)
    metadata = open_metadata(settings, SELECTION_SECONDS_OF_PEOPLE)
    try:
        version = _first_answer(metadata, settings)
        if version == 0:
            raise NoEngine("the engine is still starting", where=home, hint="try again")
        check_schema(version)
    except BaseException:
        metadata.close()
        raise
    return metadata


def _first_answer(metadata: Metadata, settings: Settings) -> int:
    if is_external(settings):
        with naming_external(settings):
            return _version_within(metadata, ANSWER_SECONDS)
    try:
        return _version_within(metadata, ANSWER_SECONDS)
    except MetadataError as error:
        if not somebody_listens(socket_of(settings.home)):
            raise _no_answer(settings) from error
    try:
        return _version_within(metadata, BUSY_SECONDS)
    except MetadataError as error:
        raise _no_answer(settings) from error


def _version_within(metadata: Metadata, seconds: float) -> int:
    with pymongo.timeout(seconds):
        return schema_version(metadata)


def _no_answer(settings: Settings) -> NoEngine:
    return NoEngine("no engine answers here", where=str(settings.home.data))


def somebody_listens(path: Path) -> bool:
    """At a socket; whoever it is may be too busy to answer."""
    with sockets.socket(sockets.AF_UNIX) as probe:
        probe.settimeout(ANSWER_SECONDS)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


@contextmanager
def naming_external(settings: Settings) -> Iterator[None]:
    """An external database does not come back by itself: who named it is to look at it."""
    try:
        yield
    except MetadataError as error:
        if not is_external(settings):
            raise
        hint = EXTERNAL_HINT if error.hint in ("", HINT) else error.hint
        raise MetadataError(error.what, where=EXTERNAL, hint=hint) from error


def open_metadata(settings: Settings, selection_seconds: int = SELECTION_SECONDS) -> Metadata:
    """A client of the database, without asking whether it answers."""
    if is_external(settings):
        return Metadata(external_uri(settings).client(**_timeouts(selection_seconds)))
    credentials = load_credentials(settings.home.metadata)
    if credentials is None:
        raise NoEngine("no engine has run here yet", where=str(settings.home.data))
    socket = socket_of(settings.home)
    return Metadata(private_client(socket, credentials, selection_seconds))


def external_uri(settings: Settings) -> SourceUri:
    """Raises SettingsError."""
    try:
        return parse_uri(Secret(settings.tree.metadata.uri.get_secret_value()))
    except UsageError as error:
        raise SettingsError(error.what, where=EXTERNAL, hint=error.hint) from error


def private_client(
    socket: Path, credentials: Credentials | None, selection_seconds: int = SELECTION_SECONDS
) -> MongoClient[dict[str, Any]]:
    """Of the private database; without credentials, as nobody.

    A direct connection: as a member of its set it would be looked for by the name in the set's
    configuration, which pymongo puts in lower case, and a path is not the same then.
    """
    login: dict[str, Any] = {}
    if credentials is not None:
        password = credentials.password.reveal()
        login = {"username": credentials.user, "password": password, "authSource": "admin"}
    with metadata_errors():
        return MongoClient(Address.unix(socket).uri, **login, **_timeouts(selection_seconds))


def _timeouts(selection_seconds: int) -> dict[str, Any]:
    return {
        "serverSelectionTimeoutMS": selection_seconds * 1000,
        "connectTimeoutMS": CONNECT_SECONDS * 1000,
        "socketTimeoutMS": SOCKET_SECONDS * 1000,
        "tz_aware": True,
        "appname": APP_NAME,
    }
