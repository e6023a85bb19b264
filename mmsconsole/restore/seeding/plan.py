"""The configuration of a new replica set, and the commands by which people make it. Pure."""

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from mmsconsole.errors import UsageError
from mmsconsole.mongod.address import Address

MEMBERS_MAX, VOTING_MAX = 50, 7
"""Of a replica set; those beyond the seventh have no vote."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Seed:
    set_name: str
    members: tuple[Address, ...]
    """The first one has the restored files; the others are empty, and copy them from it."""


def seed_of(set_name: str, members: Sequence[str]) -> Seed:
    """Raises UsageError."""
    if not _NAME.fullmatch(set_name):
        hint = "letters, digits, '.', '_' and '-'"
        raise UsageError("no name of a replica set", where=repr(set_name), hint=hint)
    addresses = tuple(map(Address.parse, members))
    if not 0 < len(addresses) <= MEMBERS_MAX:
        raise UsageError(f"a replica set has 1 to {MEMBERS_MAX} members")
    if any(address.is_unix for address in addresses):
        raise UsageError("a member is HOST or HOST:PORT: others have to reach it")
    if len(set(addresses)) < len(addresses):
        raise UsageError("a member is named twice")
    return Seed(set_name, addresses)


def configuration(seed: Seed) -> dict[str, object]:
    """For replSetInitiate."""
    return {
        "_id": seed.set_name,
        "members": [_member(number, one) for number, one in enumerate(seed.members)],
    }


def _member(number: int, address: Address) -> dict[str, object]:
    member: dict[str, object] = {"_id": number, "host": str(address)}
    if number >= VOTING_MAX:
        member |= {"votes": 0, "priority": 0}
    return member


def commands(seed: Seed, folder: str, series: str) -> list[str]:
    """Lines for people, to be pasted one after another; a line with '#' says where.

    `folder`: of the restored files, on the first member. `series` of mongod: "6.0".
    """
    first, *others = seed.members
    start = f"--replSet {shlex.quote(seed.set_name)} --bind_ip_all"
    lines = [
        f"# on {first.host}, with a mongod {series}; the files belong to the user that runs it",
        f"chown -R mongodb: {shlex.quote(folder)}",
        f"mongod --dbpath {shlex.quote(folder)} --port {first.port} {start}",
    ]
    for one in others:
        lines.append(f"# on {one.host}, with an empty folder")
        lines.append(f"mongod --dbpath DIR --port {one.port} {start}")
    asked = f"rs.initiate({json.dumps(configuration(seed))})"
    lines.append(f"# once, on {first.host}; the other members copy the data from there")
    lines.append(f"mongosh --port {first.port} --eval {shlex.quote(asked)}")
    return lines
