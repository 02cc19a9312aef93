"""A line that says what follows."""

from typing import Any

from templates_app import tokens
from templates_app.blocks.base import Block, Field, Look, align, attributes, space

SIZES = {"1": 28, "2": 22, "3": 18}


class Heading(Block):
    label = "Heading"
    icon = "heading"
    order = 5
    fields = (
        Field("text", "Heading", default="A heading"),
        Field("level", "Level", "choice", "2", (("1", "Large"), ("2", "Medium"), ("3", "Small"))),
        Field("colour", "Colour", "colour", "#171a21"),
        align(),
        space(),
    )

    def mjml(self, values: dict[str, Any], look: Look, mark: str) -> str:
        look_of_it = attributes(
            align=values["align"],
            font_size=f"{SIZES[values['level']]}px",
            line_height="1.3",
            font_weight="700",
            color=values["colour"] or look.text,
            padding=f"0 0 {values['space']}px",
        )
        tag = f"h{values['level']}"
        # Mail programs give headings margins and sizes of their own.
        words = f'<{tag} style="margin: 0; font-size: inherit;">{tokens.escaped(values["text"])}</{tag}>'
        return f"<mj-text {mark} {look_of_it}>{words}</mj-text>"


block = Heading()
