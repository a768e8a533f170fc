"""Whether a credential refers to key material without holding it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.exceptions import ValidationError

if TYPE_CHECKING:
    from directory.models import Credential

VAULT_REFERENCE = re.compile(r"(vault://|azurekv://|gcpkms://|arn:aws:kms:|pkcs11:)[!-~]{1,500}", re.ASCII)
FINGERPRINT = re.compile(r"[0-9a-f]{64}", re.ASCII)


def check_credential(credential: Credential) -> None:
    """Check the forms of the reference; derive fingerprint and validity from the certificate.

    Raises:
        ValidationError: ``certificate_invalid``, ``vault_ref_invalid`` or
            ``fingerprint_invalid``.
    """
    if credential.vault_ref and not VAULT_REFERENCE.fullmatch(credential.vault_ref):
        message = "A vault reference begins with vault://, arn:aws:kms:, azurekv://, gcpkms:// or pkcs11:."
        raise ValidationError({"vault_ref": ValidationError(message, code="vault_ref_invalid")})
    if credential.certificate:
        _take_certificate(credential)
    credential.fingerprint = credential.fingerprint.replace(":", "").lower()
    if credential.fingerprint and not FINGERPRINT.fullmatch(credential.fingerprint):
        message = "A fingerprint is the SHA-256 of the certificate: 64 hex digits."
        raise ValidationError({"fingerprint": ValidationError(message, code="fingerprint_invalid")})


def _take_certificate(credential: Credential) -> None:
    try:
        certificates = x509.load_pem_x509_certificates(credential.certificate.encode())
    except ValueError:
        message = "This is no PEM certificate: paste what stands from BEGIN CERTIFICATE to END CERTIFICATE."
        raise ValidationError({"certificate": ValidationError(message, code="certificate_invalid")}) from None
    # What stands around the certificates is not kept.
    credential.certificate = "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)
    leaf = certificates[0]
    credential.fingerprint = leaf.fingerprint(hashes.SHA256()).hex()
    credential.valid_from, credential.valid_to = leaf.not_valid_before_utc, leaf.not_valid_after_utc
