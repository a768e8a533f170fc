"""Whether a credential refers to key material without holding it."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import load_der_private_key
from django.core.exceptions import ValidationError

if TYPE_CHECKING:
    from directory.models import Credential

VAULT_REFERENCE = re.compile(r"(vault://|azurekv://|gcpkms://|arn:aws:kms:|pkcs11:)[!-~]{1,500}", re.ASCII)
FINGERPRINT = re.compile(r"[0-9a-f]{64}", re.ASCII)
PRIVATE_KEY = re.compile(
    r"PRIVATE[ _-]?KEY|BEGIN\s+OPENSSH|PuTTY-User-Key-File|\"(d|p|q|dp|dq|qi|k)\"\s*:\s*\"[A-Za-z0-9_-]{16,}",
    re.IGNORECASE,
)


def check_credential(credential: Credential) -> None:
    """Refuse private keys in any text of the row; derive fingerprint and validity from the certificate.

    Raises:
        ValidationError: ``private_key_refused``, ``certificate_invalid``, ``vault_ref_invalid`` or
            ``fingerprint_invalid``.
    """
    for field in ("certificate", "vault_ref", "fingerprint", "external_id"):
        if PRIVATE_KEY.search(getattr(credential, field)) or _is_private_key(getattr(credential, field)):
            setattr(credential, field, "")
            message = "A private key is never kept here: store it in a vault and give its reference."
            raise ValidationError({field: ValidationError(message, code="private_key_refused")})
    if credential.vault_ref and not VAULT_REFERENCE.fullmatch(credential.vault_ref):
        message = "A vault reference begins with vault://, arn:aws:kms:, azurekv://, gcpkms:// or pkcs11:."
        raise ValidationError({"vault_ref": ValidationError(message, code="vault_ref_invalid")})
    if credential.certificate:
        _take_certificate(credential)
    credential.fingerprint = credential.fingerprint.replace(":", "").lower()
    if credential.fingerprint and not FINGERPRINT.fullmatch(credential.fingerprint):
        message = "A fingerprint is the SHA-256 of the certificate: 64 hex digits."
        raise ValidationError({"fingerprint": ValidationError(message, code="fingerprint_invalid")})


def _is_private_key(text: str) -> bool:
    """Tell whether a text is the base64 body of a private key (PKCS#8, PKCS#1 or SEC 1) without its PEM lines."""
    body = "".join(line for line in text.split() if not line.startswith("-----"))
    if len(body) < 40 or not re.fullmatch(r"[A-Za-z0-9+/=_-]+", body):
        return False
    try:
        der = base64.b64decode(
            body + "=" * (-len(body) % 4), altchars=b"-_" if re.search("[-_]", body) else None
        )
        load_der_private_key(der, password=None)
    except TypeError:
        return True  # an encrypted one
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _take_certificate(credential: Credential) -> None:
    try:
        certificates = x509.load_pem_x509_certificates(credential.certificate.encode())
    except ValueError:
        message = "This is no PEM certificate: paste what stands from BEGIN CERTIFICATE to END CERTIFICATE."
        raise ValidationError({"certificate": ValidationError(message, code="certificate_invalid")}) from None
    leaf = certificates[0]
    credential.fingerprint = leaf.fingerprint(hashes.SHA256()).hex()
    credential.valid_from, credential.valid_to = leaf.not_valid_before_utc, leaf.not_valid_after_utc
