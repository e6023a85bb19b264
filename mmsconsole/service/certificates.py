"""The engine's own CA and its server's certificate: made at the first start, kept in 0600 files.

The server's key stays when its certificate is renewed, so that a pinned key stays good.
"""

import base64
import hashlib
import ipaddress
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mmsconsole.durable import disk_errors, make_folders, write_file
from mmsconsole.errors import SettingsError

CA_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)
EARLIER = timedelta(hours=1)
"""Other machines' clocks may be behind by that."""

Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


@dataclass(frozen=True, slots=True)
class Files:
    """In a folder of the home."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def ca_key(self) -> Path:
        return self.folder / "ca.key"

    @property
    def server(self) -> Path:
        """The chain: the server's certificate alone, as the CA signed it."""
        return self.folder / "server.pem"

    @property
    def server_key(self) -> Path:
        return self.folder / "server.key"


def ensure(files: Files, names: Sequence[str], now: datetime) -> bool:
    """What is missing, ends soon or has other names is made; whether anything was.

    Raises StorageError; SettingsError where a file there is not what it should be.
    """
    with disk_errors(str(files.folder)):
        make_folders(files.folder)
    authority = _kept(files.ca, files.ca_key)
    made_authority = authority is None or _ends_soon(authority[0], now)
    if made_authority:
        authority = _make_authority(now)
        _write(files.ca, files.ca_key, authority)
    assert authority is not None
    server = _kept(files.server, files.server_key)
    if server is not None and not made_authority and _fits(server[0], names, now):
        return False
    key = _new_key() if server is None else server[1]
    _write(files.server, files.server_key, (_signed(authority, key, names, now), key))
    return True


def _fits(certificate: x509.Certificate, names: Sequence[str], now: datetime) -> bool:
    return not _ends_soon(certificate, now) and names_of(certificate) == set(names)


def names_of(certificate: x509.Certificate) -> set[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    addresses = map(str, found.get_values_for_type(x509.IPAddress))
    return {*found.get_values_for_type(x509.DNSName), *addresses}


def read_certificate(path: Path) -> x509.Certificate:
    """The first in a PEM file. Raises SettingsError."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"can not be read: {error.strerror}", where=str(path)) from error
    except ValueError as error:
        raise SettingsError("is no certificate in PEM", where=str(path)) from error


def fingerprint_of(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def pin_of(certificate: x509.Certificate) -> str:
    """Of its public key, as curl's --pinnedpubkey takes it."""
    public = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return "sha256//" + base64.b64encode(hashlib.sha256(public).digest()).decode()


def _kept(path: Path, key_path: Path) -> Pair | None:
    if not path.exists() or not key_path.exists():
        return None
    certificate = read_certificate(path)
    try:
        key = serialization.load_pem_private_key(key_path.read_bytes(), None)
    except OSError as error:
        raise SettingsError(f"can not be read: {error.strerror}", where=str(key_path)) from error
    except ValueError:
        # Without its cause: it may quote what it read.
        raise SettingsError("is no private key in PEM", where=str(key_path)) from None
    public = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != public:
        hint = f"remove both from {path.parent}: they are made anew"
        what = "is not the key of the certificate beside it"
        raise SettingsError(what, where=str(key_path), hint=hint)
    return certificate, key


def _ends_soon(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_after_utc - RENEW_BEFORE < now


def _write(path: Path, key_path: Path, pair: Pair) -> None:
    """The key first: a certificate never lies there without its key."""
    certificate, key = pair
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.unlink(missing_ok=True)
    write_file(key_path, [private])
    write_file(path, [certificate.public_bytes(serialization.Encoding.PEM)])


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _make_authority(now: datetime) -> Pair:
    key = _new_key()
    # A new authority must not be taken for an older one of the same name.
    number = x509.random_serial_number()
    name = _name(f"mmsconsole CA {number:x}"[:64])
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        _builder(name, name, key, now, CA_LIFE)
        .serial_number(number)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, hashes.SHA256()), key


def _signed(
    authority: Pair, key: ec.EllipticCurvePrivateKey, names: Sequence[str], now: datetime
) -> x509.Certificate:
    issuer, issuer_key = authority
    life = min(SERVER_LIFE, issuer.not_valid_after_utc - now)
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = (
        _builder(_name("mmsconsole"), issuer.subject, key, now, life)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(map(_general_name, names)), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(by, critical=False)
    )
    return builder.sign(issuer_key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + life)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general_name(name: str) -> x509.GeneralName:
    """Raises SettingsError for what neither is an address nor can be a name."""
    with suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(name))
    try:
        return x509.DNSName(name)
    except ValueError as error:
        what, hint = f"{name!r} is no name of a host", "plain names of hosts, and addresses"
        raise SettingsError(what, where="service.names", hint=hint) from error
