"""Certificates for TLS inside a production system: a private CA, and one certificate for all servers."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from services.common.errors import StopProgram
from services.common.files import write_whole

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

SERVER_NAMES = (
    *("rabbitmq", "redis", "cryptoboy-redis", "ollama", "freqtrade", "proxy"),
    *("localhost", "127.0.0.1", "::1"),
)
"""The host names and addresses of the servers, in Compose and on one machine."""
CA_FILE, CERTIFICATE_FILE, KEY_FILE = "tls_ca", "tls_certificate", "tls_key"
VALID_DAYS = 397
"""The validity in days: the maximum that clients accept from public servers, so renewal is due about once a year."""


def make_certificates(folder: Path, names: Sequence[str] = SERVER_NAMES) -> None:
    """Write the certificate of a new CA, a server certificate signed by this CA, and the server's key, as PEM.

    The CA's key is not stored, because it signs nothing else. To renew certificates, all three files are made again.

    Raises:
        StopProgram: the folder cannot be written.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("CryptoBoy CA", ca_key, signed_by=None, names=())
    certificate = _certificate(names[0], key, signed_by=(ca, ca_key), names=names)
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    contents = {
        CA_FILE: ca.public_bytes(pem),
        CERTIFICATE_FILE: certificate.public_bytes(pem),
        KEY_FILE: key.private_bytes(pem, *plain),
    }
    try:
        for name, content in contents.items():
            write_whole(folder / name, content, mode=0o444)
    except OSError as error:
        raise StopProgram(
            f"{folder} cannot be written ({error.strerror}); name another with --dir"
        ) from error


def _certificate(
    common_name: str,
    key: EllipticCurvePrivateKey,
    *,
    signed_by: tuple[x509.Certificate, EllipticCurvePrivateKey] | None,
    names: Sequence[str],
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    ca, ca_key = signed_by or (None, key)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ca.subject if ca else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=ca is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
    )
    if ca:
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(both), critical=False)
        alternatives = [_general_name(name) for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    usage = x509.KeyUsage(
        digital_signature=bool(ca),
        key_cert_sign=not ca,
        crl_sign=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return builder.add_extension(usage, critical=True).sign(ca_key, hashes.SHA256())


def _general_name(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
