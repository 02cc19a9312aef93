"""Lets through of written HTML what a text in a mail needs, and nothing that could do anything."""

import nh3

from templates_app import tokens

TAGS = {"p", "br", "strong", "b", "em", "i", "u", "s", "a", "ul", "ol", "li", "h1", "h2", "h3", "blockquote"}


def cleaned(html: str, link: str) -> str:
    """The text with links in the colour `link`; its Liquid stays as it is, also in addresses of links."""
    hidden, pieces = tokens.hide(html)
    kept = nh3.clean(
        hidden,
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
        set_tag_attribute_values={"a": {"style": f"color: {link};"}},
    )
    return tokens.show(kept, pieces)
