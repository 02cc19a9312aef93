"""Links to where else the sender can be found, as words: pictures of brands would have to come from elsewhere."""

from typing import Any

from templates_app import tokens
from templates_app.blocks.base import Block, Field, Look, align, attributes, space


class Social(Block):
    label = "Social links"
    icon = "share-2"
    order = 60
    fields = (
        Field(
            "links",
            "Links",
            "rows",
            [
                {"label": "Instagram", "url": "https://instagram.com/"},
                {"label": "LinkedIn", "url": "https://linkedin.com/"},
            ],
            columns=(("label", "Name"), ("url", "Address")),
        ),
        Field("colour", "Colour", "colour"),
        align("center"),
        space(),
    )

    def mjml(self, values: dict[str, Any], look: Look, mark: str) -> str:
        look_of_it = attributes(align=values["align"], font_size="14px", padding=f"0 0 {values['space']}px")
        colour = values["colour"] or look.accent
        links = " &nbsp;·&nbsp; ".join(
            f'<a href="{tokens.escaped(row["url"])}" style="color: {colour}; font-weight: 600;">'
            f"{tokens.escaped(row.get('label') or row['url'])}</a>"
            for row in values["links"]
            if row.get("url")
        )
        return f"<mj-text {mark} {look_of_it}>{links}</mj-text>"


block = Social()
