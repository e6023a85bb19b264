"""What of the data a restore takes, and what it is called there: pure.

| there                                   | goes along                                            |
|-----------------------------------------|-------------------------------------------------------|
| local.*, config.*, other admin.*        | never as data: they are the server's own              |
| admin.system.users, roles, version      | if users are wanted, whatever namespaces are named    |
| db.c                                    | if db or db.c is named (or nothing is), and neither   |
|                                         | is left out; what is left out wins                    |
| db.system.buckets.c                     | with db.c, the time series it belongs to, and its name|
| db.system.views                         | never as data: views go along one by one              |
| db.system.js                            | if db is named (or nothing is)                        |
| db.system.* otherwise                   | never: profiles, marks of the server                  |

Names are split at the first dot, as mongod does: a database's name has none.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from mmsconsole.dump.collections import BUCKETS
from mmsconsole.dump.metadata_json import parse_filter
from mmsconsole.errors import Refused, SelectionRefused, UsageError
from mmsconsole.metadata.targets import Selection

SYSTEM_DATABASES = ("admin", "config", "local")
ACCOUNTS = ("system.users", "system.roles")
USERS = (*ACCOUNTS, "system.version")
"""Of admin; the last one says what format the accounts have."""
SYSTEM, SCRIPTS = "system.", "system.js"
DATABASE_BYTES_MAX = 63
NAMESPACE_BYTES_MAX = 255
SHOWN_MAX = 20
"""Names that are listed in a message."""
NOT_IN_DATABASES = '/\\. "$\0'
WITHOUT_USERS = "users and roles go along unless they are left out: --no-users"


class Namespace(NamedTuple):
    database: str
    collection: str
    """Empty: the whole database."""

    def __str__(self) -> str:
        return f"{self.database}.{self.collection}" if self.collection else self.database

    @property
    def whole(self) -> "Namespace":
        """Its database."""
        return Namespace(self.database, "")


@dataclass(frozen=True, slots=True)
class Move:
    """One collection, view or time series that is chosen."""

    old: Namespace
    new: Namespace


def parse(text: str) -> Namespace:
    """Of "db" or "db.collection". Raises UsageError for what no database or collection is called.

    Collections that exist may have names that can not be given any more ("a$b").
    """
    database, dot, collection = text.partition(".")
    why = _wrong_database(database)
    if not why and dot and not collection:
        why = "the collection has no name"
    if not why and collection.startswith("."):
        why = "a collection's name does not begin with a dot"
    if not why and "\0" in collection:
        why = "a name can not hold a NUL"
    if not why and _bytes(text) > NAMESPACE_BYTES_MAX:
        why = f"it has more than {NAMESPACE_BYTES_MAX} bytes"
    if why:
        raise UsageError(f"{shown(text)} is no namespace: {why}", hint="DATABASE[.COLLECTION]")
    return Namespace(database, collection)


def parse_new(text: str) -> Namespace:
    """The same of a name that is to be given. Raises UsageError."""
    new = parse(text)
    if "$" in new.collection:
        raise UsageError(f"{shown(text)} can not be a new name: it holds a '$'")
    if new.collection.startswith(SYSTEM):
        raise UsageError(f"{shown(text)} can not be a new name: it begins with {SYSTEM!r}")
    return new


def _wrong_database(name: str) -> str:
    """Why it can not be a database's name; empty: it can."""
    if not name:
        return "the database has no name"
    if any(letter in NOT_IN_DATABASES for letter in name):
        return "a database's name holds no slash, backslash, space, quote, '$' or NUL"
    if _bytes(name) > DATABASE_BYTES_MAX:
        return f"a database's name has {DATABASE_BYTES_MAX} bytes at most"
    return ""


def _bytes(text: str) -> int:
    """In UTF-8; what came from a terminal as no UTF-8 counts as it is kept."""
    return len(text.encode("utf-8", "surrogateescape"))


def shown(text: str) -> str:
    """A name as it may stand in a message: no control characters, not endless."""
    return repr(text if len(text) <= NAMESPACE_BYTES_MAX else f"{text[:60]}…")


def check_selection(selection: Selection, *, logical: bool) -> None:
    """What can be said without the data. `logical`: documents go out, not files.

    Raises UsageError, and Refused for what would touch the server's own databases.
    """
    for text in (*selection.namespaces, *selection.excluded):
        _check_chosen(parse(text))
    for old, new in selection.renames:
        _check_rename(parse(old), parse_new(new))
    repeated = [old for old, count in Counter(old for old, _ in selection.renames).items()
                if count > 1]  # fmt: skip
    if repeated:
        raise UsageError(f"{shown(repeated[0])} is to have two new names")
    if selection.filters and not logical:
        raise UsageError(
            "a filter needs a target that takes documents",
            hint="an archive or a folder of mongodump, or a live deployment",
        )
    for text, query in selection.filters:
        found = parse(text)
        _check_chosen(found)
        if not found.collection:
            raise UsageError(f"a filter is for one collection, and {shown(text)} is a database")
        _check_filter(text, query)


def _check_filter(text: str, query: str) -> None:
    """What is no document at all; a mongod alone knows which operators there are."""
    try:
        parse_filter(query)
    except UsageError as error:
        raise UsageError(error.what, where=shown(text), hint=error.hint) from error


def _check_chosen(namespace: Namespace) -> None:
    if namespace.database in SYSTEM_DATABASES:
        raise Refused(
            f"{shown(str(namespace))} lies in a database of the server's own", hint=WITHOUT_USERS
        )
    if namespace.collection.startswith(SYSTEM):
        raise Refused(
            f"{shown(str(namespace))} is a collection of the server's own",
            hint="it goes along with what it belongs to",
        )


def may_be_chosen(namespace: Namespace) -> bool:
    """It is people's own; the server's go along with what they belong to."""
    own = namespace.database not in SYSTEM_DATABASES
    return own and not namespace.collection.startswith(SYSTEM)


def _check_rename(old: Namespace, new: Namespace) -> None:
    _check_chosen(old)
    if new.database in SYSTEM_DATABASES:
        raise Refused(f"{shown(str(new))} would lie in a database of the server's own")
    if bool(old.collection) != bool(new.collection):
        raise UsageError(
            f"{shown(str(old))} can not become {shown(str(new))}",
            hint="a database becomes a database, a collection a collection",
        )


class Chooser:
    """One selection, asked of one namespace after the other. It has been checked."""

    def __init__(self, selection: Selection) -> None:
        self._chosen = {parse(text) for text in selection.namespaces}
        self._excluded = {parse(text) for text in selection.excluded}
        self._renames = {parse(old): parse(new) for old, new in selection.renames}
        self._users = selection.users

    def is_chosen(self, namespace: Namespace) -> bool:
        """Whether its documents go along."""
        if namespace.database in SYSTEM_DATABASES:
            is_users = namespace.database == "admin" and namespace.collection in USERS
            return is_users and self._users
        if namespace.collection == SCRIPTS:
            return self._takes(namespace.whole, namespace.whole)
        belongs = _belonging(namespace)
        if belongs.collection.startswith(SYSTEM):
            return False
        return self._takes(belongs, belongs.whole)

    def _takes(self, namespace: Namespace, whole: Namespace) -> bool:
        if namespace in self._excluded or whole in self._excluded:
            return False
        return not self._chosen or namespace in self._chosen or whole in self._chosen

    def new_name(self, namespace: Namespace) -> Namespace:
        """What it is called at the target. A new name of its own goes before its database's."""
        belongs = _belonging(namespace)
        own = self._renames.get(belongs)
        if own is None:
            database = self._renames.get(belongs.whole, belongs.whole)
            own = Namespace(database.database, belongs.collection)
        buckets = namespace.collection.startswith(BUCKETS)
        return Namespace(own.database, BUCKETS + own.collection) if buckets else own


def _belonging(namespace: Namespace) -> Namespace:
    """The time series that a collection of buckets belongs to; else the namespace itself."""
    if not namespace.collection.startswith(BUCKETS):
        return namespace
    return Namespace(namespace.database, namespace.collection.removeprefix(BUCKETS))


def moves(selection: Selection, there: Iterable[Namespace]) -> list[Move]:
    """What is chosen of the collections, views and time series that are there, with new names.

    Raises SelectionRefused where something that was named is not there, nothing is left, or two
    would have the same name.
    """
    there = sorted(set(there))
    check_known(selection, there)
    chooser = Chooser(selection)
    found = [Move(one, chooser.new_name(one)) for one in there if chooser.is_chosen(one)]
    _check_apart(found)
    if not found and not selection.is_whole:
        raise SelectionRefused(
            "nothing is left of what was chosen", hint="choose more, leave out less"
        )
    return found


def check_known(selection: Selection, there: Iterable[Namespace]) -> None:
    """Everything that is named is there. Raises SelectionRefused, with what there is."""
    there = {one for one in there if one.database not in SYSTEM_DATABASES}
    known = there | {one.whole for one in there}
    named = (
        *selection.namespaces, *selection.excluded, *(old for old, _ in selection.renames),
        *(text for text, _ in selection.filters),
    )  # fmt: skip
    for text in named:
        if parse(text) not in known:
            hint = _listed(parse(text), there)
            raise SelectionRefused(f"there is no {shown(text)} in it", hint=hint)


def _listed(wanted: Namespace, there: set[Namespace]) -> str:
    """The collections of the database that was meant, or the databases."""
    same = {one for one in there if one.database == wanted.database}
    names = sorted({str(one) for one in same} if same else {one.database for one in there})
    listed = ", ".join(shown(name) for name in names[:SHOWN_MAX])
    more = f" and {len(names) - SHOWN_MAX} more" if len(names) > SHOWN_MAX else ""
    return f"there is: {listed}{more}" if names else "it holds no databases"


def _check_apart(found: Iterable[Move]) -> None:
    """No two get one name, nor two databases names that differ by case alone."""
    taken: dict[Namespace, Namespace] = {}
    databases: dict[str, str] = {}
    for move in found:
        _check_length(move.new)
        other = taken.setdefault(move.new, move.old)
        if other != move.old:
            raise SelectionRefused(
                f"{shown(str(other))} and {shown(str(move.old))} would both become "
                f"{shown(str(move.new))}",
                hint="choose another name for one of them",
            )
        name = databases.setdefault(move.new.database.lower(), move.new.database)
        if name != move.new.database:
            raise SelectionRefused(
                f"the databases {shown(name)} and {shown(move.new.database)} differ by case alone"
            )


def _check_length(new: Namespace) -> None:
    """A longer database's name may make a collection's too long."""
    if _bytes(str(new)) > NAMESPACE_BYTES_MAX:
        what = f"{shown(str(new))} would have more than {NAMESPACE_BYTES_MAX} bytes"
        raise SelectionRefused(what, hint="choose a shorter name")
