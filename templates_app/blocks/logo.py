"""The sender's logo, as the brand has it."""

from typing import Any

from templates_app.blocks.base import Block, Field, Look, align, attributes, space


class Logo(Block):
    label = "Logo"
    icon = "badge"
    order = 2
    fields = (
        Field("href", "Leads to", "url"),
        Field("width", "Width", "number", 140, least=20, most=600, help="In pixels."),
        align(),
        space(),
    )

    def mjml(self, values: dict[str, Any], look: Look, mark: str) -> str:
        if not look.logo:
            said = "The logo comes from Settings, Brand"
            return f'<mj-text {mark} align="{values["align"]}" color="#98a0ae" padding="12px 0">{said}</mj-text>'
        look_of_it = attributes(
            src=look.logo,
            href=values["href"],
            width=f"{values['width']}px",
            align=values["align"],
            alt="Logo",
            padding=f"0 0 {values['space']}px",
        )
        return f"<mj-image {mark} {look_of_it} />"


block = Logo()
