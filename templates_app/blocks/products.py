"""The things of an event, such as what stands in an abandoned cart: a row for each, with picture, name and price."""

import re
from typing import Any

from templates_app.blocks.base import Block, Field, Look, attributes, space

NAME = re.compile(r"[A-Za-z_]\w{0,49}")


class Products(Block):
    label = "Product list"
    icon = "shopping-cart"
    order = 70
    fields = (
        Field("list", "Property with the list", default="items", help="Of the event, as in event.items."),
        Field("title", "Name", default="name", help="The property of each thing."),
        Field("image", "Picture", default="image"),
        Field("price", "Price", default="price"),
        Field("url", "Address", default="url"),
        Field("most", "At most", "number", 10, least=1, most=50),
        space(),
    )

    def problems(self, values: dict[str, Any]) -> list[tuple[str, str]]:
        found = super().problems(values)
        for name in ("list", "title", "image", "price", "url"):
            value = values.get(name)
            if isinstance(value, str) and (value or name in ("list", "title")) and not NAME.fullmatch(value):
                found.append((name, "The name of a property: letters, digits and _."))
        return found

    def mjml(self, values: dict[str, Any], look: Look, mark: str) -> str:
        look_of_it = attributes(font_size="15px", color=look.text, padding=f"0 0 {values['space']}px")
        line = "border-bottom: 1px solid #e5e7ed; padding: 10px 0; vertical-align: middle;"
        picture, title, price = "", f"{{{{ item.{values['title']} }}}}", ""
        if values["image"]:
            seen = f'<img src="{{{{ item.{values["image"]} }}}}" width="60" alt="" style="border-radius: 6px;" />'
            picture = f'<td style="{line} width: 76px;">{{% if item.{values["image"]} %}}{seen}{{% endif %}}</td>'
        if values["url"]:
            linked = (
                f'<a href="{{{{ item.{values["url"]} }}}}" style="color: {look.text}; font-weight: 600;">{title}</a>'
            )
            title = f"{{% if item.{values['url']} %}}{linked}{{% else %}}{title}{{% endif %}}"
        if values["price"]:
            price = f'<td style="{line} text-align: right; white-space: nowrap;">{{{{ item.{values["price"]} }}}}</td>'
        return (
            f"<mj-table {mark} {look_of_it}>{{% for item in event.{values['list']} limit: {values['most']} %}}"
            f'<tr>{picture}<td style="{line}">{title}</td>{price}</tr>{{% endfor %}}</mj-table>'
        )


block = Products()
