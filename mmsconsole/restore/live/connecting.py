"""Where a deployment takes writes: the primary of a set, or a standalone."""

import logging
from collections import deque
from collections.abc import Mapping
from typing import Any

from mmsconsole.errors import NotAReplicaSet, SourceUnreachable, UsageError, WrongReplicaSet
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.source_uri import SourceUri
from mmsconsole.mongod.wire import WireConnection

log = logging.getLogger(__name__)

ANSWER_SECONDS = 60.0
"""How long one answer may take."""


def connect(uri: SourceUri, seconds: float = ANSWER_SECONDS) -> WireConnection:
    """Asks the hosts of the connection string, and those that they tell of.

    Raises SourceUnreachable (no primary: may pass), AuthenticationFailed, NotAReplicaSet,
    WrongReplicaSet.
    """
    waiting, tried = deque(uri.seeds), set[Address]()
    failure = SourceUnreachable("no member is primary", where=uri.redacted)
    while waiting:
        address = waiting.popleft()
        if address in tried:
            continue
        tried.add(address)
        try:
            connection = WireConnection.connect(address, uri, seconds)
        except SourceUnreachable as error:
            failure = error
            continue
        try:
            _check(connection.hello, uri, str(address))
            if connection.hello.get("isWritablePrimary"):
                return connection
            waiting.extend(_others(connection.hello))
        except BaseException:
            connection.close()
            raise
        connection.close()
    raise failure


def _check(hello: Mapping[str, Any], uri: SourceUri, where: str) -> None:
    if hello.get("msg") == "isdbgrid":
        what = "this is a mongos: sharded clusters can not be restored into yet"
        raise NotAReplicaSet(what, where=where, hint="name the members of a replica set")
    if hello.get("isreplicaset"):
        hint = "run rs.initiate() there first"
        raise NotAReplicaSet("its replica set is not initiated", where=where, hint=hint)
    name = hello.get("setName", "")
    if uri.replica_set and name != uri.replica_set:
        what = f"it belongs to {name or 'no set'}, not to {uri.replica_set}"
        raise WrongReplicaSet(what, where=where, hint="correct replicaSet= or leave it out")


def _others(hello: Mapping[str, Any]) -> list[Address]:
    """Of its set, as it knows them, the primary first."""
    names = [hello.get("primary"), *(hello.get("hosts") or ())]
    found = []
    for name in names:
        try:
            found.append(Address.parse(str(name)))
        except UsageError:
            log.debug("a member tells of a host that is none: %r", name)
    return found
