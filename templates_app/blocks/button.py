"""The one thing that a reader is to click."""

from typing import Any

from templates_app import tokens
from templates_app.blocks.base import Block, Field, Look, align, attributes, space


class Button(Block):
    label = "Button"
    icon = "mouse-pointer-click"
    order = 30
    fields = (
        Field("text", "Words", default="Read more"),
        Field("href", "Leads to", "url", "https://"),
        Field("background", "Colour", "colour"),
        Field("colour", "Colour of the words", "colour", "#ffffff"),
        Field("radius", "Rounded corners", "number", 8, most=40),
        Field("wide", "Width", "choice", "fit", (("fit", "As wide as its words"), ("full", "As wide as the column"))),
        align(),
        space(),
    )

    def mjml(self, values: dict[str, Any], look: Look, mark: str) -> str:
        look_of_it = attributes(
            href=values["href"],
            background_color=values["background"] or look.accent,
            color=values["colour"] or "#ffffff",
            border_radius=f"{values['radius']}px",
            width="100%" if values["wide"] == "full" else "",
            align=values["align"],
            font_size="15px",
            font_weight="600",
            inner_padding="13px 24px",
            padding=f"4px 0 {values['space']}px",
        )
        return f"<mj-button {mark} {look_of_it}>{tokens.escaped(values['text'])}</mj-button>"


block = Button()
