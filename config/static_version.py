"""Names the present state of all static files, so that browsers may keep each state for ever."""

import hashlib
from pathlib import Path


def of(folder: Path, requirements: Path) -> str:
    """A short hash of everything in `folder`, and of the packages that bring static files of their own.

    It goes into STATIC_URL as a folder: the relative imports of ES modules then stay within one state. It is made from
    contents, so that all web hosts agree on it.
    """
    digest = hashlib.sha256(requirements.read_bytes() if requirements.exists() else b"")
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
