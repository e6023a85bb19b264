"""TLS as a connection string asks for it, for the raw client."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from socket import socket

from mmsconsole.errors import SourceUnreachable
from mmsconsole.mongod.address import Address
from mmsconsole.secret import Secret

TlsSocket = ssl.SSLSocket


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """The tls… options of a connection string; without any, the system's authorities hold."""

    ca_file: Path | None = None
    certificate_key_file: Path | None = None
    key_password: Secret | None = None
    crl_file: Path | None = None
    allow_invalid_certificates: bool = False
    allow_invalid_hostnames: bool = False


def context(options: TlsOptions) -> ssl.SSLContext:
    """Raises OSError (ssl.SSLError is one) for files that are missing or no certificates."""
    made = ssl.create_default_context(cafile=options.ca_file)
    made.check_hostname = not (
        options.allow_invalid_hostnames or options.allow_invalid_certificates
    )
    if options.allow_invalid_certificates:
        made.verify_mode = ssl.CERT_NONE
    if options.crl_file:
        made.load_verify_locations(options.crl_file)
        made.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    if options.certificate_key_file:
        password = options.key_password.reveal() if options.key_password else None
        made.load_cert_chain(options.certificate_key_file, password=password)
    return made


def wrap(channel: socket, options: TlsOptions, address: Address) -> TlsSocket:
    """The same connection in TLS. Raises SourceUnreachable; the channel is closed then."""
    try:
        return context(options).wrap_socket(channel, server_hostname=address.host)
    except (OSError, ValueError) as error:  # the latter for what can be no host name
        channel.close()
        said = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or str(error)
        raise SourceUnreachable(f"TLS: {said}", where=str(address)) from error
