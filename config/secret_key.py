"""Makes the installation's secret key on first use and keeps it in the data folder."""

import os
import secrets
from pathlib import Path


def kept_in(path: Path) -> str:
    """The key in the file at `path`, made first if there is none; two processes that start at once agree on one."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    key = secrets.token_urlsafe(50)
    with os.fdopen(handle, "w") as file:
        file.write(key)
    return key
