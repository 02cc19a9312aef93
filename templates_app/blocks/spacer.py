"""Room between two parts."""

from typing import Any

from templates_app.blocks.base import Block, Field, Look


class Spacer(Block):
    label = "Spacer"
    icon = "move-vertical"
    order = 50
    fields = (Field("height", "Height", "number", 24, least=4, most=200, help="In pixels."),)

    def mjml(self, values: dict[str, Any], look: Look, mark: str) -> str:
        return f'<mj-spacer {mark} height="{values["height"]}px" />'


block = Spacer()
