"""A line between two parts."""

from typing import Any

from templates_app.blocks.base import Block, Field, Look, attributes, space


class Divider(Block):
    label = "Divider"
    icon = "minus"
    order = 40
    fields = (
        Field("colour", "Colour", "colour", "#e5e7ed"),
        Field("thickness", "Thickness", "number", 1, least=1, most=12),
        space(),
    )

    def mjml(self, values: dict[str, Any], look: Look, mark: str) -> str:
        look_of_it = attributes(
            border_color=values["colour"] or "#e5e7ed",
            border_width=f"{values['thickness']}px",
            padding=f"6px 0 {values['space']}px",
        )
        return f"<mj-divider {mark} {look_of_it} />"


block = Divider()
