"""Why the reader gets this, who sends it, and the way out."""

from typing import Any

from templates_app import tokens
from templates_app.blocks.base import Block, Field, Look, align, attributes, cleaned, space


class Footer(Block):
    label = "Footer"
    icon = "panel-bottom"
    order = 80
    fields = (
        Field("html", "Text", "rich", "<p>You receive this because you are on our list.</p>"),
        Field("words", "Words of the link", default="Unsubscribe"),
        Field("choose", "Words of the link to the preferences; none where empty"),
        Field("colour", "Colour", "colour", "#5d6575"),
        align("center"),
        space(),
    )

    def mjml(self, values: dict[str, Any], look: Look, mark: str) -> str:
        colour = values["colour"] or look.text
        look_of_it = attributes(
            align=values["align"], font_size="13px", line_height="1.6", color=colour, padding=f"0 0 {values['space']}px"
        )
        address = f"<br />{tokens.escaped(look.address)}" if look.address else ""
        link = f'<a href="{{{{ unsubscribe_url }}}}" style="color: {colour};">{tokens.escaped(values["words"])}</a>'
        if values["choose"]:
            words = tokens.escaped(values["choose"])
            link = f'<a href="{{{{ preferences_url }}}}" style="color: {colour};">{words}</a> · {link}'
        return f"<mj-text {mark} {look_of_it}>{cleaned(values['html'], colour)}{link}{address}</mj-text>"


block = Footer()
