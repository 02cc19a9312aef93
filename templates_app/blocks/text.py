"""A paragraph or more, with links and lists."""

from typing import Any

from templates_app.blocks.base import Block, Field, Look, align, attributes, cleaned, space


class Text(Block):
    label = "Text"
    icon = "type"
    order = 10
    fields = (
        Field("html", "Text", "rich", "<p>Write here.</p>"),
        Field("size", "Size", "number", 15, least=10, most=40),
        Field("colour", "Colour", "colour"),
        align(),
        space(),
    )

    def mjml(self, values: dict[str, Any], look: Look, mark: str) -> str:
        look_of_it = attributes(
            align=values["align"],
            font_size=f"{values['size']}px",
            line_height="1.6",
            color=values["colour"] or look.text,
            padding=f"0 0 {values['space']}px",
        )
        return f"<mj-text {mark} {look_of_it}>{cleaned(values['html'], look.accent)}</mj-text>"


block = Text()
