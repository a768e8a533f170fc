"""The texts that people consent to: files ``<purpose>/<version>.md``, never altered once published.

``published.sha256`` holds the digest of each; a text that does not have its digest is not shown and not consented to.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from config.foundation.errors import Refused, shown_name

TEXTS = Path(__file__).resolve().parent.parent / "texts"
PUBLISHED = "published.sha256"  # lines as sha256sum writes them
_PURPOSE = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ConsentText:
    """One version of a text; ``digest`` is the SHA-256 of exactly its bytes, in hex."""

    purpose: str
    version: int
    digest: str
    content: bytes


def consent_text(purpose: str, version: int, *, folder: Path = TEXTS) -> ConsentText:
    """Return a published text.

    Raises:
        Refused: ``unknown_consent_text``; ``text_changed`` where the file is not what was published.
    """
    digest = published_digests(folder).get((purpose, version))
    if digest is None:
        raise Refused("unknown_consent_text", f"There is no text {shown_name(purpose)} of version {version}.")
    path = folder / purpose / f"{version}.md"
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != digest:
        raise Refused("text_changed", f"{purpose}/{version}.md is not what was published. Restore it.")
    return ConsentText(purpose, version, digest, content)


def latest_text(purpose: str, *, folder: Path = TEXTS) -> ConsentText:
    """Return the latest version of a text.

    Raises:
        Refused: as ``consent_text``.
    """
    versions = [version for name, version in published_digests(folder) if name == purpose]
    return consent_text(purpose, max(versions, default=0), folder=folder)


def text_faults(folder: Path = TEXTS) -> list[str]:
    """Return a sentence for each text that was altered, removed, or added without its digest."""
    published = published_digests(folder)
    faults = []
    for purpose, version in published:
        try:
            consent_text(purpose, version, folder=folder)
        except Refused as refusal:
            faults.append(refusal.detail)
    for path in sorted(folder.glob("*/*.md")):
        name, number = path.parent.name, path.stem
        if not _PURPOSE.fullmatch(name) or not number.isdigit() or (name, int(number)) not in published:
            faults.append(f"{name}/{path.name} has no digest in {PUBLISHED}.")
    return faults


@lru_cache
def published_digests(folder: Path = TEXTS) -> dict[tuple[str, int], str]:
    """Return the digest of each published text by purpose and version."""
    found = {}
    for line in (folder / PUBLISHED).read_text(encoding="ascii").splitlines():
        digest, name = line.split(maxsplit=1)
        purpose, _, version = name.removesuffix(".md").partition("/")
        found[purpose, int(version)] = digest
    return found
