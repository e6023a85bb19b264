"""A certificate authority of a test's own."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KEY_PASSWORD = "k3y"


@dataclass(frozen=True)
class Certificates:
    authority: Path
    server: Path
    """For 127.0.0.1 and the name localhost, with its key."""
    client: Path
    """CN=backup,O=clients, with its key, which KEY_PASSWORD encrypts."""
    stranger: Path
    """An authority that signed none of them."""

    @classmethod
    def make(cls, folder: Path) -> "Certificates":
        folder.mkdir(parents=True, mode=0o700)
        issuer, issuer_key = _authority("test authority")
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        made = cls(*(folder / f"{name}.pem" for name in ("ca", "server", "client", "stranger")))
        made.authority.write_bytes(_pem(issuer))
        made.server.write_bytes(_signed(_name("mongod", "servers"), issuer, issuer_key, names))
        made.client.write_bytes(
            _signed(_name("backup", "clients"), issuer, issuer_key, [], KEY_PASSWORD)
        )
        made.stranger.write_bytes(_pem(_authority("nobody")[0]))
        return made


def _name(common: str, organisation: str) -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        x509.NameAttribute(NameOID.COMMON_NAME, common),
    ])  # fmt: skip


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey):
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )


def _authority(common: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(common, "authorities")
    builder = _builder(name, name, key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(key, hashes.SHA256()), key


def _signed(subject, issuer, issuer_key, names, password: str = "") -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(subject, issuer.subject, key.public_key())
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    encryption = (
        serialization.BestAvailableEncryption(password.encode())
        if password
        else serialization.NoEncryption()
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    return private + _pem(builder.sign(issuer_key, hashes.SHA256()))


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
