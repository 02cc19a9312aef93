"""HTML of one's own, for what no other block can do."""

import re
from typing import Any

from templates_app.blocks.base import Block, Field, Look

# It stands among MJML: what would close the element that holds it cannot be part of it.
CLOSING = re.compile(r"</?\s*mj-?[a-z-]*", re.IGNORECASE)


class Raw(Block):
    label = "HTML"
    icon = "code"
    order = 90
    fields = (Field("html", "HTML", "code", "<p>…</p>", help="Sent as it stands. Scripts do nothing in a mail."),)

    def problems(self, values: dict[str, Any]) -> list[tuple[str, str]]:
        found = super().problems(values)
        if isinstance(values.get("html"), str) and CLOSING.search(values["html"]):
            found.append(("html", "MJML has no place in an HTML block."))
        return found

    def mjml(self, values: dict[str, Any], look: Look, mark: str) -> str:
        return f'<mj-text {mark} padding="0">{values["html"]}</mj-text>'


block = Raw()
