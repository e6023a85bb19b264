"""How a deployment stands before anything is written into it: all of it only looks."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import bson

from mmsconsole.dump.collections import BUCKETS, DumpedCollection
from mmsconsole.errors import (
    CommandFailed,
    MissingPrivileges,
    Refused,
    SelectionRefused,
    ServerTooOld,
    TargetNotEmpty,
)
from mmsconsole.restore.live.primary import GRANT, Primary
from mmsconsole.restore.live.rights import missing_rights
from mmsconsole.restore.selecting import SYSTEM_DATABASES, shown

SHOWN_MAX = 10
FIRST_BATCH = 100_000
"""Names of a database's collections that come at once; more are asked for."""


@dataclass(frozen=True, slots=True)
class Occupied:
    """A namespace that is there already."""

    ns: str
    kind: str
    documents: int
    bytes: int
    """Of its documents; both -1 where the user may not know."""


@dataclass(frozen=True, slots=True)
class Standing:
    version: str
    fcv: str
    """Empty where the user may not know."""


def standing_of(primary: Primary) -> Standing:
    version = str(primary.run("admin", {"buildInfo": 1})["version"])
    fcv = ""
    try:
        asked = {"getParameter": 1, "featureCompatibilityVersion": 1}
        found = primary.run("admin", asked)["featureCompatibilityVersion"]
        fcv = str(found["version"])
    except MissingPrivileges:
        pass  # the version says what it can be at most
    return Standing(version, fcv)


def check_version(standing: Standing, needed: str, where: str) -> None:
    """`needed`: the FCV or version that the data are of; empty: nobody knows.

    Raises ServerTooOld where the target could not hold all that such a server may have written.
    """
    has = _release(standing.fcv or standing.version)
    if needed and has < _release(needed):
        named = f"featureCompatibilityVersion {standing.fcv}" if standing.fcv else standing.version
        raise ServerTooOld(
            f"the data are of {'.'.join(needed.split('.')[:2])}, and the target has {named}",
            where=where,
            hint="restore into a deployment of that version or a newer one",
        )


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def check_rights(primary: Primary, databases: Iterable[str]) -> None:
    """Raises MissingPrivileges, and Refused for databases of the server's own."""
    databases = sorted(set(databases))
    for name in databases:
        if name in SYSTEM_DATABASES:
            raise Refused(f"{name} is a database of the server's own", where=primary.where)
    status = primary.run("admin", {"connectionStatus": 1, "showPrivileges": True})
    missing = missing_rights(status, databases)
    if missing:
        said = "; ".join(missing[:SHOWN_MAX])
        raise MissingPrivileges(f"the user has {said}", where=primary.where, hint=GRANT)


def check_case(primary: Primary, databases: Iterable[str]) -> None:
    """A server takes no two databases whose names differ by case alone. Raises SelectionRefused."""
    command = {"listDatabases": 1, "nameOnly": True, "authorizedDatabases": True}
    listed = primary.run("admin", command)["databases"]
    there = {str(one["name"]).lower(): str(one["name"]) for one in listed}
    for name in sorted(set(databases)):
        other = there.get(name.lower(), name)
        if other != name:
            raise SelectionRefused(
                f"the databases {shown(other)} and {shown(name)} differ by case alone",
                where=primary.where, hint=f"restore it as {shown(other)}, or under another name",
            )  # fmt: skip


def occupied(primary: Primary, collections: Iterable[DumpedCollection]) -> list[Occupied]:
    """Which of them are there already, and what is in them."""
    wanted: dict[str, set[str]] = {}
    for one in collections:
        wanted.setdefault(one.database, set()).update({one.name, one.data_name})
    found = []
    for database, names in sorted(wanted.items()):
        kinds = kinds_in(primary, database)
        for name in sorted(names & kinds.keys()):
            if not (name.startswith(BUCKETS) and name.removeprefix(BUCKETS) in kinds):
                found.append(_measured(primary, database, name, kinds[name]))
    return found


def kinds_in(primary: Primary, database: str) -> dict[str, str]:
    """Name -> collection, view or timeseries, of all that a database has."""
    command = {"listCollections": 1, "nameOnly": True, "cursor": {"batchSize": FIRST_BATCH}}
    cursor = primary.run(database, command)["cursor"]
    entries = list(cursor["firstBatch"])
    while cursor["id"]:
        more = {"getMore": bson.Int64(cursor["id"]), "collection": "$cmd.listCollections"}
        cursor = primary.run(database, more)["cursor"]
        entries += cursor["nextBatch"]
    return {str(entry["name"]): str(entry.get("type", "collection")) for entry in entries}


def uuid_of(primary: Primary, database: str, name: str) -> str:
    """Of a collection, or of a time series' buckets, in hex; empty: there is none, or a view."""
    names = {"$in": [name, BUCKETS + name]}
    command = {"listCollections": 1, "filter": {"name": names}, "cursor": {}}
    found = primary.run(database, command)["cursor"]["firstBatch"]
    return next((bytes(one["info"]["uuid"]).hex() for one in found if "uuid" in one["info"]), "")


def is_empty(primary: Primary, database: str, name: str) -> bool:
    command = {"find": name, "limit": 1, "singleBatch": True, "projection": {"_id": 1}}
    return not primary.run(database, command)["cursor"]["firstBatch"]


def _measured(primary: Primary, database: str, name: str, kind: str) -> Occupied:
    ns = f"{database}.{name}"
    if kind == "view":
        return Occupied(ns, kind, 0, 0)
    try:
        stats = primary.run(database, {"collStats": name})
    except (MissingPrivileges, CommandFailed):
        return Occupied(ns, kind, -1, -1)
    count = stats.get("timeseries", {}).get("bucketCount") if kind == "timeseries" else None
    count = stats.get("count", -1) if count is None else count
    return Occupied(ns, kind, int(count), int(stats.get("size", -1)))


def check_free(found: Iterable[Occupied], ours: Collection[str], where: str) -> None:
    """`ours`: what an earlier attempt has begun. Raises TargetNotEmpty."""
    others = [one for one in found if one.ns not in ours]
    if others:
        raise TargetNotEmpty(
            f"there is already: {in_words(others)}",
            where=where,
            hint="restore under other names, or ask for them to be overwritten",
        )


def in_words(found: list[Occupied]) -> str:
    """For people. Pure."""
    said = [f"{shown(one.ns)}{_size(one)}" for one in found[:SHOWN_MAX]]
    more = f" and {len(found) - SHOWN_MAX} more" if len(found) > SHOWN_MAX else ""
    return ", ".join(said) + more


def _size(one: Occupied) -> str:
    if one.kind == "view":
        return " (a view)"
    if one.documents < 0:
        return ""
    unit = "buckets" if one.kind == "timeseries" else "documents"
    return f" ({one.documents} {unit}, {one.bytes / 1e6:.1f} MB)"
