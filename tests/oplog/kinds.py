"""The kinds of oplog entry that mongod 6.0.5 was made to write: one file of the corpus each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bson.timestamp import Timestamp

Document = dict[str, Any]
ZERO = Timestamp(0, 0)
DOCUMENT_OPS = ("i", "u", "d")


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    """Of its file."""
    row: str
    """The row it shows, of one of the tables in decide.py, commands.py and namespaces.py."""
    about: str
    matches: Callable[[Document], bool]
    in_every_run: bool = True
    """Not what a server writes when it sees fit."""


def kind_of(entry: Document) -> Kind | None:
    """The first that matches."""
    return next((kind for kind in KINDS if kind.matches(entry)), None)


def command_of(entry: Document) -> str:
    """Empty for what is no command."""
    return next(iter(entry["o"]), "") if entry["op"] == "c" else ""


def _target(entry: Document) -> str:
    """The collection that an entry is about, or what a rename begins with."""
    name = command_of(entry)
    if not name:
        return str(entry["ns"])
    first = entry["o"][name]
    if name == "renameCollection":
        return str(first)
    return f"{entry['ns'].partition('.')[0]}.{first}" if isinstance(first, str) else ""


def _on(*names: str) -> Callable[[Document], bool]:
    """A document of a collection whose namespace begins so."""
    return lambda entry: entry["op"] in DOCUMENT_OPS and entry["ns"].startswith(names)


def _about(part: str) -> Callable[[Document], bool]:
    return lambda entry: part in _target(entry)


def _command(name: str, *options: str) -> Callable[[Document], bool]:
    return lambda e: command_of(e) == name and all(option in e["o"] for option in options)


def _index(option: str) -> Callable[[Document], bool]:
    return lambda e: command_of(e) == "collMod" and option in e["o"].get("index", {})


def _apply_ops(*options: str) -> Callable[[Document], bool]:
    return lambda e: "txnNumber" in e and _command("applyOps", *options)(e)


def _holds_a_command(entry: Document) -> bool:
    return _apply_ops()(entry) and any(inner["op"] == "c" for inner in entry["o"]["applyOps"])


def _of_members(entry: Document) -> bool:
    database, _, name = entry["ns"].partition(".")
    return database == "config" and name != "settings" and _target(entry) != "config.settings"


def _embedded_id(entry: Document) -> bool:
    found = entry.get("o2") or entry["o"]
    return entry["op"] in DOCUMENT_OPS and isinstance(found.get("_id"), dict)


def _zero(entry: Document) -> bool:
    return entry["op"] in ("i", "u") and ZERO in entry["o"].values()


def _size(value: Any) -> int:
    """Roughly."""
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list):
        return sum(map(_size, value))
    return len(value) if isinstance(value, str) else 8


def _largest(entry: Document) -> bool:
    return entry["op"] in DOCUMENT_OPS and _size(entry) > 15 << 20


def _whole(entry: Document) -> bool:
    return entry["op"] == "u" and "$v" not in entry["o"]


_DOCUMENTS = "i, u, d of a collection that a head holds"
_ELSE = "all else"
_CREATE, _COLL_MOD, _TRANSACTION = "create", "collMod", "applyOps of a transaction"

KINDS = (
    # namespaces
    Kind("noop", "n", "A server's own notes, and a person's", lambda e: e["op"] == "n",
         in_every_run=False),
    Kind("bookkeeping", "config.* otherwise", "What the members of a set keep in config",
         _of_members, in_every_run=False),
    Kind("settings", "config.chunks", "What a cluster keeps in config",
         lambda e: _target(e) == "config.settings"),
    Kind("keys", "admin.system.keys", "Keys that sign cluster times", _on("admin.system.keys"),
         in_every_run=False),
    Kind("version", "i, u, d of admin.system.version", "The version of the users' documents",
         lambda e: _on("admin.system.version")(e) and e["o"]["_id"] == "authSchema"),
    Kind("version_change", "u, d of it", "The featureCompatibilityVersion changes",
         lambda e: _on("admin.system.version")(e) and e["op"] == "u", in_every_run=False),
    Kind("users", _ELSE, "Users", _on("admin.system.users")),
    Kind("roles", _ELSE, "Roles", _on("admin.system.roles")),
    Kind("views", _ELSE, "Views are documents of system.views, as collMod of one is",
         lambda e: e["op"] in DOCUMENT_OPS and e["ns"].endswith(".system.views")),
    Kind("buckets", _ELSE, "The buckets of time series",
         lambda e: e["op"] in DOCUMENT_OPS and ".system.buckets." in e["ns"]),
    Kind("javascript", _ELSE, "Functions kept in system.js", _on("app.system.js")),
    Kind("zero_timestamp", "i, u of a whole document with a Timestamp(0, 0)",
         "applyOps would put the current time there", _zero),
    # commands that are made of others
    Kind("out", _ELSE, "$out: a temporary collection, renamed at the end", _about(".tmp.agg_out.")),
    Kind("rename_across_databases", "renameCollection", "A copy, renamed at the end",
         _about(".renameCollection")),
    Kind("convert_to_capped", "renameCollection", "A copy, renamed at the end",
         _about(".convertToCapped.")),
    # documents
    Kind("merge", _DOCUMENTS, "$merge", _on("app.merged", "other.merged_far")),
    Kind("expiry", _DOCUMENTS, "Deleted by the TTL monitor",
         lambda e: e["op"] == "d" and e["ns"] == "app.brief_life"),
    Kind("capped_documents", _DOCUMENTS, "In capped collections; what falls out is a delete",
         _on("app.ring", "app.order", "app.emptied")),
    Kind("clustered_documents", _DOCUMENTS, "In a clustered collection", _on("app.clustered")),
    Kind("embedded_id", _DOCUMENTS, "The order of fields in an _id is part of it", _embedded_id),
    Kind("largest", _DOCUMENTS, "Documents of 16 MB, whose entries are larger", _largest),
    Kind("find_and_modify", "u, d with needsRetryImage", "Retryable findAndModify",
         lambda e: "needsRetryImage" in e),
    Kind("insert", _DOCUMENTS, "Inserts, retryable ones too", lambda e: e["op"] == "i"),
    Kind("update_whole", "u with a whole document", "Replacements", _whole),
    Kind("update_diff", "u with a diff, $v: 2", "Updates", lambda e: e["op"] == "u"),
    Kind("delete", _DOCUMENTS, "Deletes, retryable ones too", lambda e: e["op"] == "d"),
    # collections
    Kind("create_capped", _CREATE, "Capped", _command("create", "capped")),
    Kind("create_time_series", _CREATE, "Of buckets", _command("create", "timeseries")),
    Kind("create_clustered", _CREATE, "Clustered", _command("create", "clusteredIndex")),
    Kind("create_with_collation", _CREATE, "With a collation", _command("create", "collation")),
    Kind("create_with_validator", _CREATE, "With a validator", _command("create", "validator")),
    Kind("create_encrypted", _CREATE, "With encrypted fields",
         _command("create", "encryptedFields")),
    Kind("create_with_images", _CREATE, "With images for change streams",
         _command("create", "changeStreamPreAndPostImages")),
    Kind("create", _CREATE, "By hand, or by the first insert", _command("create")),
    Kind("drop", "drop, dropDatabase", "A collection", _command("drop")),
    Kind("drop_database", "drop, dropDatabase", "A database, its collections before it",
         _command("dropDatabase")),
    Kind("empty_capped", "emptycapped", "A command of tests", _command("emptycapped")),
    Kind("rename_drop_target", "renameCollection", "In the place of another",
         _command("renameCollection", "dropTarget")),
    Kind("rename", "renameCollection", "Within a database", _command("renameCollection")),
    # collMod
    Kind("coll_mod_index_ttl", _COLL_MOD, "expireAfterSeconds of an index",
         _index("expireAfterSeconds")),
    Kind("coll_mod_index_hidden", _COLL_MOD, "hidden", _index("hidden")),
    Kind("coll_mod_index_prepare_unique", _COLL_MOD, "prepareUnique", _index("prepareUnique")),
    Kind("coll_mod_index_unique", _COLL_MOD, "unique", _index("unique")),
    Kind("coll_mod_index_not_unique", _COLL_MOD, "forceNonUnique", _index("forceNonUnique")),
    Kind("coll_mod_time_series", _COLL_MOD, "Granularity of a time series",
         _command("collMod", "timeseries")),
    Kind("coll_mod_expire", _COLL_MOD, "expireAfterSeconds of a clustered collection",
         _command("collMod", "expireAfterSeconds")),
    Kind("coll_mod_images", _COLL_MOD, "Images for change streams",
         _command("collMod", "changeStreamPreAndPostImages")),
    Kind("coll_mod_capped", _COLL_MOD, "Size of a capped collection",
         _command("collMod", "cappedSize")),
    Kind("coll_mod_validator", _COLL_MOD, "validator, validationLevel, validationAction",
         lambda e: command_of(e) == "collMod" and any("valid" in name for name in e["o"])),
    # indexes
    Kind("create_indexes", "createIndexes, commitIndexBuild", "Of an empty collection",
         _command("createIndexes")),
    Kind("start_index_build", "startIndexBuild, abortIndexBuild", "The first of two phases",
         _command("startIndexBuild")),
    Kind("commit_index_build", "createIndexes, commitIndexBuild", "The second",
         _command("commitIndexBuild")),
    Kind("abort_index_build", "startIndexBuild, abortIndexBuild", "Documents would not allow it",
         _command("abortIndexBuild")),
    Kind("drop_indexes", "dropIndexes", "One entry for each index", _command("dropIndexes")),
    Kind("db_check", "dbCheck", "Its batches have no $cmd in their namespace",
         _command("dbCheck"), in_every_run=False),
    # many operations in one
    Kind("transaction_retryable", _TRANSACTION, "Retryable writes in a session of a session",
         lambda e: "txnUUID" in e.get("lsid", {})),
    Kind("transaction_prepared", _TRANSACTION, "Its commit or abort comes later",
         _apply_ops("prepare")),
    Kind("transaction_parts", _TRANSACTION, "Above 16 MB: all parts but the last",
         _apply_ops("partialTxn")),
    Kind("transaction_last_part", _TRANSACTION, "The last part, which commits",
         _apply_ops("count")),
    Kind("transaction_with_commands", _TRANSACTION, "Collections and indexes made inside",
         _holds_a_command),
    Kind("transaction", _TRANSACTION, "In one entry", _apply_ops()),
    Kind("transaction_commit", "commitTransaction, abortTransaction", "Of a prepared one",
         _command("commitTransaction")),
    Kind("transaction_abort", "commitTransaction, abortTransaction", "Of a prepared one",
         _command("abortTransaction")),
    Kind("apply_ops", "applyOps otherwise: by hand", "The command applyOps", _command("applyOps")),
)  # fmt: skip
