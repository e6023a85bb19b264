"""A store's URL that names a MongoDB: mongodb://user:password@host,…/DATABASE?replicaSet=…"""

from mmsconsole.errors import SettingsError, UsageError
from mmsconsole.mongod.source_uri import SourceUri, parse_uri
from mmsconsole.secret import Secret
from mmsconsole.storage.mongodb.mongo_storage import MongoStorage

DATABASE = "mmsconsole_store"
"""Where the URL names none."""
NOT_OURS = ("admin", "local", "config", "mmsconsole")
"""The server's own databases, and that of the metadata, which may lie on the same server."""
CONNECT_SECONDS = 5.0
WHERE = "url"


def open_mongo(url: Secret, timeout_seconds: float) -> MongoStorage:
    """Nothing is asked of the server yet. Raises SettingsError, which never shows the password."""
    try:
        source = parse_uri(url)
        client = source.client(
            serverSelectionTimeoutMS=int(timeout_seconds * 1000),
            connectTimeoutMS=int(min(CONNECT_SECONDS, timeout_seconds) * 1000),
            socketTimeoutMS=int(timeout_seconds * 1000),
            retryWrites=True,
            retryReads=True,
        )
    except UsageError as error:
        raise SettingsError(error.what, where=WHERE, hint=error.hint) from error
    return MongoStorage(client, database_of(source), timeout_seconds)


def database_of(source: SourceUri) -> str:
    name = source.database or DATABASE
    if name in NOT_OURS:
        raise SettingsError(
            f"the database {name} can not be a store: it is used for something else",
            where=WHERE,
            hint=f"name another one behind the hosts: …/{DATABASE}?replicaSet=…",
        )
    return name
