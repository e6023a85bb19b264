"""The certificate of a member's port, whatever is in it."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mmsconsole.monitoring.certificate import NAMES_MAX, certificate_of

VERSION_3 = b"\xa0\x03\x02\x01\x02"
ENDED = datetime(2026, 3, 1, tzinfo=UTC)


def made(*names: x509.GeneralName) -> bytes:
    """Signed by itself, and over since ENDED."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "db\x1b1")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7)
    builder = builder.not_valid_before(ENDED - timedelta(days=1)).not_valid_after(ENDED)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_its_end_and_its_names_are_told_also_when_it_is_over() -> None:
    found = certificate_of(made(x509.DNSName("db1.example"), x509.IPAddress(ip_address("::1"))))
    assert found is not None
    assert (found.ends, found.names) == (ENDED, ("db1.example", "::1"))


def test_without_other_names_its_common_name_is_told_harmlessly() -> None:
    found = certificate_of(made())
    assert found is not None
    assert found.names == ("db\\x1b1",)


def test_of_very_many_names_the_first_are_told() -> None:
    names = [x509.DNSName(f"db{number}.example") for number in range(NAMES_MAX + 10)]
    found = certificate_of(made(*names))
    assert found is not None
    assert len(found.names) == NAMES_MAX


@pytest.mark.parametrize(
    "der",
    [
        None, b"", b"nonsense",
        pytest.param(made().replace(VERSION_3, VERSION_3[:-1] + b"\x01"), id="version 2"),
        pytest.param(made().replace(VERSION_3, VERSION_3[:-1] + b"\x09"), id="version 10"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_none_and_no_fault(der: bytes | None) -> None:
    assert certificate_of(der) is None
