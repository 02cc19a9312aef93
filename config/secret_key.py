"""Makes the installation's secret key on first use and keeps it in the data folder."""

import os
import secrets
from pathlib import Path


def kept_in(path: Path) -> str:
    """The key in the file at `path`, made first if there is none; processes that start at once agree on one.

    It is written to a file of its own and then linked into place, which succeeds for one process only, and never shows
    anybody half a key.
    """
    if not path.exists():
        mine = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        handle = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(50))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(mine, path)
        except FileExistsError:
            pass  # another process was faster, and its key is the key
        finally:
            mine.unlink()
    return path.read_text().strip()
