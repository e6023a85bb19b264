"""The one place where a driver's or a server's error becomes one of ours."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bson.errors import BSONError
from pymongo import MongoClient
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
)

from mmsconsole.errors import (
    AuthenticationFailed,
    CommandFailed,
    MissingPrivileges,
    MmsError,
    SourceUnreachable,
    UsageError,
)
from mmsconsole.mongod.address import Address

UNAUTHORIZED = 13
AUTHENTICATION_CODES = frozenset({18, 334})
"""AuthenticationFailed, MechanismUnavailable."""
BUSY_CODES = frozenset({24, 50, 112, 262, 365, 388})
"""LockTimeout, MaxTimeMSExpired, WriteConflict, ExceededTimeLimit, TemporarilyUnavailable,
TransactionTooLargeForCache: too little cache or time just now. The same may be asked again."""

_REFUSED = re.compile(r"not authorized on (\S+) to execute command \{ (\w+): (?:\"([^\"]*)\")?")
_WANTS_LOGIN = re.compile(r"requires authentication|there are no users authenticated")
_NO_MONGOD = re.compile(r"Got response id|Message length|opcode")
_FOR_PROGRAMMERS = re.compile(
    r"\[Errno -?\d+\] | \(configured timeouts: [^)]*\)|, use urllib.*|, Timeout: .*|\. Hint: .*"
    r"|\. Did you mean .*",
    re.DOTALL,
)


@contextmanager
def source_errors(where: str) -> Iterator[None]:
    """Around pymongo calls: raises ours, `from` the driver's. `where` names the server."""
    try:
        yield
    except (PyMongoError, BSONError) as error:
        raise translate(error, where) from error


def translate(error: PyMongoError | BSONError, where: str) -> MmsError:
    """Every error of pymongo and of its BSON has a place here."""
    if isinstance(error, OperationFailure):
        details = error.details if isinstance(error.details, Mapping) else {}
        return command_error({"errmsg": str(error), "code": error.code or 0, **details}, where)
    if isinstance(error, NotPrimaryError):
        return SourceUnreachable("is no longer the primary", where=where)
    if isinstance(error, ConnectionFailure):
        return SourceUnreachable(_unreachable(str(error), where), where=where)
    if isinstance(error, ConfigurationError):
        return UsageError(for_people(str(error)), where=where)
    return CommandFailed(for_people(str(error)), where=where)


def command_error(reply: Mapping[str, Any], where: str) -> MmsError:
    """The error that a reply with ok: 0 tells of. Raises nothing, whatever the reply holds."""
    code = reply.get("code")
    code = code if isinstance(code, int) else 0
    said = str(reply.get("errmsg", "refused without a reason"))[:1000]
    if code in AUTHENTICATION_CODES:
        return AuthenticationFailed(said.rstrip("."), where=where)
    if code == UNAUTHORIZED:
        return _unauthorized(said, where)
    return CommandFailed(said, server_code=code, where=where, reply=dict(reply))


def _unauthorized(said: str, where: str) -> MmsError:
    if _WANTS_LOGIN.search(said):
        hint = "put a user and a password into the connection string"
        return AuthenticationFailed("the server wants a user to log in", where=where, hint=hint)
    found = _REFUSED.search(said)
    if not found:
        return MissingPrivileges(said, where=where)
    database, command, collection = found.groups()
    target = f"{database}.{collection}" if collection else database
    return MissingPrivileges(f"the user may not run {command} on {target}", where=where)


def name_of(client: "MongoClient[dict[str, Any]]") -> str:
    """The servers that a client speaks to, for people."""
    addresses = sorted(client.topology_description.server_descriptions())
    return ",".join(str(Address(host, port or 0)) for host, port in addresses)


def _unreachable(said: str, where: str) -> str:
    if _NO_MONGOD.search(said):
        return "what answers there does not speak MongoDB's protocol"
    return for_people(said).removeprefix(f"{where}: ")


def for_people(said: str) -> str:
    """The driver's words without what it adds for programmers (topology, timeouts, advice)."""
    return _FOR_PROGRAMMERS.sub("", said)[:500]
