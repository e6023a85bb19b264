"""The server's side of TLS: which certificate is used, own or given, and under which names."""

import ipaddress
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mmsconsole.errors import SettingsError
from mmsconsole.metadata.engines import ServiceRecord
from mmsconsole.service.certificates import (
    Files,
    ensure,
    fingerprint_of,
    names_of,
    pin_of,
    read_certificate,
)
from mmsconsole.settings import Settings

FOLDER = "service"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Identity:
    """The files of the certificate and its key."""

    certificate: Path
    key: Path
    ca: Path | None
    """None where the certificate was given."""


def own_files(settings: Settings) -> Files:
    return Files(settings.home.data / FOLDER)


def identity_of(settings: Settings, now: datetime) -> Identity:
    """The own one is made, or renewed, where that is needed. Raises SettingsError, StorageError."""
    service = settings.tree.service
    if bool(service.certificate) != bool(service.key):
        what = "certificate and key belong together: give both, or neither"
        raise SettingsError(what, where="service")
    if service.certificate:
        return Identity(_absolute(service.certificate), _absolute(service.key), None)
    files = own_files(settings)
    ensure(files, certificate_names(settings), now)
    return Identity(files.server, files.server_key, files.ca)


def server_context() -> ssl.SSLContext:
    """TLS 1.2 or newer; without a certificate yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")  # of TLS 1.2
    return context


def load(context: ssl.SSLContext, identity: Identity) -> None:
    """For connections from now on. Raises SettingsError."""
    try:
        context.load_cert_chain(identity.certificate, identity.key, _no_password)
    except (OSError, ValueError) as error:
        # Without its cause, which may quote a file.
        reason = error.strerror if isinstance(error, OSError) else "it needs a password"
        what = f"the certificate can not be used with its key: {reason}"
        raise SettingsError(what, where=str(identity.certificate)) from None


def described(settings: Settings, identity: Identity, port: int) -> ServiceRecord:
    """How others reach a service that listens on that port, and how they know it."""
    certificate = read_certificate(identity.certificate)
    host = _public_name(settings, names_of(certificate))
    shown = f"[{host}]" if ":" in host else host
    return ServiceRecord(
        url=f"https://{shown}:{port}",
        ca="" if identity.ca is None else str(identity.ca),
        fingerprint="" if identity.ca is None else fingerprint_of(read_certificate(identity.ca)),
        pin=pin_of(certificate),
    )


def certificate_names(settings: Settings) -> list[str]:
    """Every name once, in a fixed order."""
    service = settings.tree.service
    host, _ = service.place
    listens = [] if _is_any(host) else [host]
    names = [*service.names, socket.gethostname(), *LOOPBACK, *listens]
    return list(dict.fromkeys(name for name in map(_plain, names) if name))


def _public_name(settings: Settings, certified: set[str]) -> str:
    service = settings.tree.service
    if service.names:
        return _plain(service.names[0])
    host, _ = service.place
    if _is_loopback(host):
        return "localhost" if "localhost" in certified or not service.certificate else host
    return socket.gethostname() if _is_any(host) else host


def _plain(name: str) -> str:
    """Addresses as they are written in certificates."""
    with suppress(ValueError):
        return str(ipaddress.ip_address(name.strip("[]")))
    return name.strip().rstrip(".").lower()


def _is_any(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_unspecified
    return False


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _absolute(path: str) -> Path:
    return Path(path).expanduser().absolute()


def _no_password() -> bytes:
    raise ValueError("the key has a password")
