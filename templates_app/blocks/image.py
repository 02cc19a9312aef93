"""A picture, perhaps with somewhere to go."""

from typing import Any

from templates_app.blocks.base import Block, Field, Look, align, attributes, space


class Image(Block):
    label = "Image"
    icon = "image"
    order = 20
    fields = (
        Field("src", "Picture", "image", help="Upload one, or give its address."),
        Field("alt", "Alt text", help="What those read who do not see it."),
        Field("href", "Leads to", "url"),
        Field("width", "Width", "number", 600, least=20, most=1200, help="In pixels; never wider than its column."),
        Field("radius", "Rounded corners", "number", 0, most=60),
        align("center"),
        space(),
    )

    def mjml(self, values: dict[str, Any], look: Look, mark: str) -> str:
        if not values["src"]:
            return f'<mj-text {mark} align="center" color="#98a0ae" padding="32px 0">No picture yet</mj-text>'
        # The alt text is written even when it is empty: a picture that only decorates says so by that.
        look_of_it = attributes(
            src=values["src"],
            href=values["href"],
            width=f"{values['width']}px",
            border_radius=f"{values['radius']}px",
            align=values["align"],
            padding=f"0 0 {values['space']}px",
        )
        return f'<mj-image {mark} {look_of_it} alt="{attributes(alt=values["alt"])[5:-1]}" />'


block = Image()
