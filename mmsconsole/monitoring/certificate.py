"""The TLS certificate of a member's port."""

from collections.abc import Iterable
from datetime import UTC
from itertools import islice

from cryptography import x509
from cryptography.x509.oid import NameOID

from mmsconsole.harmless import harmless
from mmsconsole.monitoring.answers import Certificate

NAMES_MAX = 100
NAME_MAX = 300
UNREADABLE = (
    ValueError, x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType,
)  # fmt: skip


def certificate_of(der: bytes | None) -> Certificate | None:
    """None where there is none, or none that can be read."""
    if not der:
        return None
    try:
        found = x509.load_der_x509_certificate(der)
        names = _names(found)
    except UNREADABLE:
        return None
    return Certificate(found.not_valid_after_utc.astimezone(UTC), names)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        kind = x509.SubjectAlternativeName
        alternative = certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return _harmless(str(name.value) for name in common)
    names = [
        *alternative.get_values_for_type(x509.DNSName),
        *map(str, alternative.get_values_for_type(x509.IPAddress)),
    ]
    return _harmless(names)


def _harmless(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(harmless(name[:NAME_MAX]) for name in islice(names, NAMES_MAX))
