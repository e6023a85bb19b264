"""A source's connection string, parsed once; pymongo clients are made of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymongo
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri as driver_parse

from mmsconsole.errors import UsageError
from mmsconsole.mongod.address import Address as Address
from mmsconsole.mongod.source_errors import for_people
from mmsconsole.mongod.source_errors import source_errors as source_errors
from mmsconsole.mongod.tls import TlsOptions
from mmsconsole.secret import Secret

APPLICATION = {
    "application": {"name": "mmsconsole"},
    "driver": {"name": "mmsconsole", "version": pymongo.version},
    "os": {"type": "Linux"},
}
"""How the raw client introduces itself in `hello`."""

CLIENT_OPTIONS: dict[str, Any] = {
    "appname": "mmsconsole",
    "tz_aware": True,
    "datetime_conversion": "DATETIME_AUTO",
    "serverSelectionTimeoutMS": 5_000,
    "connectTimeoutMS": 5_000,
    "socketTimeoutMS": 60_000,
}
_HINT = (
    "a connection string looks like mongodb://user:password@host1:27017,host2:27017/?replicaSet=rs0"
)
_WHERE = "connection string"
_SCHEME = "mongodb://"
SHA_256, SHA_1, X509, PLAIN = "SCRAM-SHA-256", "SCRAM-SHA-1", "MONGODB-X509", "PLAIN"
MECHANISMS = (SHA_256, SHA_1, X509, PLAIN)
NO_PASSWORD = Secret("")


@dataclass(frozen=True, slots=True)
class SourceUri:
    uri: Secret
    seeds: tuple[Address, ...]
    user: str = ""
    password: Secret = NO_PASSWORD
    auth_source: str = "admin"
    mechanism: str = ""
    """As the URI names it; empty: negotiated."""
    tls: TlsOptions | None = None
    """None: plain."""
    replica_set: str = ""
    database: str = ""
    """The one that stands behind the hosts."""
    redacted: str = ""
    """The connection string as people may see it."""

    def client(self, **overrides: Any) -> "MongoClient[dict[str, Any]]":
        """A client of the whole deployment; the caller closes it."""
        return _client(self.uri.reveal(), overrides)

    def direct_client(self, address: Address, **overrides: Any) -> "MongoClient[dict[str, Any]]":
        """A client of one member, with the same user and TLS."""
        userinfo, _, tail = _split(self.uri.reveal())
        host = address.uri.removeprefix(_SCHEME).partition("/")[0]
        overrides = {"directConnection": True, "replicaSet": None} | overrides
        return _client(f"{_SCHEME}{userinfo}{host}{tail}", overrides)

    def __str__(self) -> str:
        return self.redacted


def _client(uri: str, overrides: dict[str, Any]) -> "MongoClient[dict[str, Any]]":
    try:
        return MongoClient(uri, **(CLIENT_OPTIONS | overrides))
    except (PyMongoError, OSError, ValueError) as error:
        raise UsageError(_without_uri(error, uri), where=_WHERE) from None


def parse_uri(uri: Secret) -> SourceUri:
    """Raises UsageError for what no connection could be made of; it never shows the password."""
    text = uri.reveal().strip()
    if text.startswith("mongodb+srv://"):
        hint = "list the members: mongodb://host1:27017,host2:27017/?replicaSet=NAME"
        raise UsageError("mongodb+srv:// is not supported", where=_WHERE, hint=hint)
    if not text.startswith(_SCHEME):
        raise UsageError(f"does not begin with {_SCHEME}", where=_WHERE, hint=_HINT)
    try:
        parsed = driver_parse(text)
        seeds = tuple(_seed(host, port) for host, port in parsed["nodelist"])
    except (PyMongoError, OSError, ValueError) as error:
        # Without its cause: the driver's message may quote the whole string.
        raise UsageError(_without_uri(error, text), where=_WHERE, hint=_HINT) from None
    options = parsed["options"]
    mechanism = _mechanism(options)
    return SourceUri(
        uri=Secret(text),
        seeds=seeds,
        user=parsed["username"] or "",
        password=Secret(parsed["password"] or ""),
        auth_source=_auth_source(parsed, mechanism),
        mechanism=mechanism,
        tls=_tls(options),
        replica_set=options.get("replicaSet") or "",
        database=parsed["database"] or "",
        redacted=_redact(text),
    )


def _split(uri: str) -> tuple[str, str, str]:
    """(user and password with their "@", hosts, the rest) of a connection string."""
    authority, tail = _AUTHORITY.fullmatch(uri.removeprefix(_SCHEME)).groups()  # type: ignore[union-attr]
    userinfo, at, hosts = authority.rpartition("@")
    return userinfo + at, hosts, tail


_AUTHORITY = re.compile(r"([^/?]*)(.*)", re.DOTALL)
_SECRET_OPTIONS = re.compile(
    r"((?:tlsCertificateKeyFilePassword|authMechanismProperties)=)[^&]*", re.IGNORECASE
)


def _redact(uri: str) -> str:
    userinfo, hosts, tail = _split(uri)
    user, colon, _ = userinfo.partition(":")
    shown = f"{user}:***@" if colon else userinfo
    return _SCHEME + shown + hosts + _SECRET_OPTIONS.sub(r"\1***", tail)


def without_secrets(uri: Secret) -> Secret:
    """The same connection string without password and other secrets; the user stays. Pure."""
    text = uri.reveal().strip()
    if not text.startswith(_SCHEME):
        return Secret("")
    userinfo, hosts, tail = _split(text)
    user, colon, _ = userinfo.partition(":")
    path, question, query = tail.partition("?")
    kept = "&".join(each for each in query.split("&") if not _SECRET_OPTIONS.match(each))
    shown = f"{user}@" if colon else userinfo
    return Secret(_SCHEME + shown + hosts + path + (question + kept if kept else ""))


def _without_uri(error: Exception, uri: str) -> str:
    """The driver's complaint, unless it could quote a piece of the password."""
    userinfo, _, tail = _split(uri)
    password = userinfo.partition(":")[2].removesuffix("@")
    if "@" in tail:
        return "the user and the password must be percent-encoded"
    if password and password in str(error):
        return "is not valid"
    said = for_people(str(error))
    return "the user and the password must be percent-encoded" if "escaped" in said else said


def _seed(host: str, port: int | None) -> Address:
    if port is None:
        return Address.unix(Path(host))
    if not host or not port:
        raise ValueError(f"not a host and port: {host}:{port}")
    return Address(host, port)


def _mechanism(options: Mapping[str, Any]) -> str:
    mechanism = options.get("authMechanism") or "DEFAULT"
    if mechanism not in (*MECHANISMS, "DEFAULT"):
        what = f"the mechanism {mechanism} is not supported"
        hint = f"use one of {', '.join(MECHANISMS)}"
        raise UsageError(what, where=_WHERE, hint=hint)
    return "" if mechanism == "DEFAULT" else str(mechanism)


def _auth_source(parsed: Mapping[str, Any], mechanism: str) -> str:
    if mechanism == X509:
        return "$external"
    default = "$external" if mechanism == PLAIN else "admin"
    return str(parsed["options"].get("authSource") or parsed["database"] or default)


def _tls(options: Mapping[str, Any]) -> TlsOptions | None:
    if not options.get("tls"):
        return None

    def path(name: str) -> Path | None:
        return Path(options[name]) if options.get(name) else None

    password = options.get("tlsCertificateKeyFilePassword")
    return TlsOptions(
        ca_file=path("tlsCAFile"),
        certificate_key_file=path("tlsCertificateKeyFile"),
        key_password=Secret(password) if password else None,
        crl_file=path("tlsCRLFile"),
        allow_invalid_certificates=bool(options.get("tlsAllowInvalidCertificates")),
        allow_invalid_hostnames=bool(options.get("tlsAllowInvalidHostnames")),
    )
