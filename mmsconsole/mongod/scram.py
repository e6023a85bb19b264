"""Getting in: SCRAM-SHA-256 and SCRAM-SHA-1 (RFC 5802, 7677), MONGODB-X509 and PLAIN.

The SCRAM messages are pure functions; `authenticate` sends them.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo.saslprep import saslprep

from mmsconsole.errors import AuthenticationFailed, CommandFailed, MissingPrivileges
from mmsconsole.mongod.source_uri import PLAIN, SHA_1, SHA_256, X509, SourceUri

ITERATIONS_MIN, ITERATIONS_MAX = 4096, 10_000_000
"""Fewer would be a server that wants our password cheaply; more, one that wants our time."""

Run = Callable[[str, Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Scram:
    """One conversation's fixed parts."""

    user: str
    password: bytes
    digest: str
    """hashlib's name: sha1 or sha256."""
    nonce: str

    @classmethod
    def begin(cls, mechanism: str, user: str, password: str) -> "Scram":
        """Raises ValueError for a password that no SCRAM user can have (RFC 4013)."""
        nonce = base64.b64encode(secrets.token_bytes(24)).decode()
        if mechanism == SHA_256:
            return cls(user, saslprep(password).encode(), "sha256", nonce)
        # What MongoDB calls the password in its SCRAM-SHA-1 is the MD5 of its older scheme.
        old = hashlib.md5(f"{user}:mongo:{password}".encode(), usedforsecurity=False)
        return cls(user, old.hexdigest().encode(), "sha1", nonce)

    @property
    def first(self) -> str:
        escaped = self.user.replace("=", "=3D").replace(",", "=2C")
        return f"n={escaped},r={self.nonce}"

    def prove(self, server_first: str) -> tuple[str, bytes]:
        """(our last message, the signature that the server must answer with).

        Raises ValueError if the server's message is not one.
        """
        parts = _parts(server_first)
        iterations = int(parts["i"])
        if not parts["r"].startswith(self.nonce) or len(parts["r"]) <= len(self.nonce):
            raise ValueError("the nonce is not ours")
        if not ITERATIONS_MIN <= iterations <= ITERATIONS_MAX:
            raise ValueError(f"{iterations} iterations")
        salted = hashlib.pbkdf2_hmac(
            self.digest, self.password, base64.b64decode(parts["s"], validate=True), iterations
        )
        without_proof = f"c=biws,r={parts['r']}"
        signed = f"{self.first},{server_first},{without_proof}".encode()
        client_key = self._hmac(salted, b"Client Key")
        signature = self._hmac(hashlib.new(self.digest, client_key).digest(), signed)
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        expected = self._hmac(self._hmac(salted, b"Server Key"), signed)
        return f"{without_proof},p={base64.b64encode(proof).decode()}", expected

    def _hmac(self, key: bytes, message: bytes) -> bytes:
        return hmac.digest(key, message, self.digest)


def _parts(message: str) -> dict[str, str]:
    try:
        return {part[0]: part[2:] for part in message.split(",")}
    except IndexError as error:
        raise ValueError("not a SCRAM message") from error


def choose_mechanism(source: SourceUri, offered: Collection[str]) -> str:
    """What the connection string says, else the strongest that the server offers this user."""
    return source.mechanism or (SHA_256 if SHA_256 in offered else SHA_1)


def authenticate(run: Run, source: SourceUri, offered: Collection[str]) -> None:
    """Log in by `run` (database, command); nothing to do for a source without a user.

    Raises AuthenticationFailed; the password is in no message.
    """
    if not source.user and source.mechanism != X509:
        return
    mechanism = choose_mechanism(source, offered)
    try:
        if mechanism == X509:
            run("$external", {"authenticate": 1, "mechanism": X509})
        elif mechanism == PLAIN:
            text = f"\x00{source.user}\x00{source.password.reveal()}".encode()
            run(source.auth_source, {"saslStart": 1, "mechanism": PLAIN, "payload": text})
        else:
            _scram(run, source, mechanism)
    except (AuthenticationFailed, CommandFailed, MissingPrivileges) as error:
        what = f"{_who(source)} was refused on {source.auth_source} ({mechanism}): {error.what}"
        raise AuthenticationFailed(what, where=error.where) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"the server did not answer as {mechanism} wants it"
        raise AuthenticationFailed(what) from error


def _scram(run: Run, source: SourceUri, mechanism: str) -> None:
    scram = Scram.begin(mechanism, source.user, source.password.reveal())
    start = {
        "saslStart": 1, "mechanism": mechanism, "payload": f"n,,{scram.first}".encode(),
        "options": {"skipEmptyExchange": True},
    }  # fmt: skip
    reply = run(source.auth_source, start)
    last, expected = scram.prove(reply["payload"].decode())
    going_on = {"saslContinue": 1, "conversationId": reply["conversationId"]}
    reply = run(source.auth_source, {**going_on, "payload": last.encode()})
    signature = base64.b64decode(_parts(reply["payload"].decode())["v"], validate=True)
    if not hmac.compare_digest(signature, expected):
        raise ValueError("the server does not know the password either")
    if not reply["done"]:
        run(source.auth_source, {**going_on, "payload": b""})


def _who(source: SourceUri) -> str:
    return f"the user {source.user}" if source.user else "the certificate"
