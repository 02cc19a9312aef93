"""Writes designs of the block editor as the words of a version, in the installation's brand."""

from typing import Any

from templates_app import designing
from templates_app.blocks.base import Look
from templates_app.models import Brand, TemplateVersion


def look() -> Look:
    """The brand, as designs take it."""
    brand = Brand.current()
    return Look(
        background=brand.background,
        surface=brand.surface,
        text=brand.text,
        accent=brand.accent,
        font=brand.font,
        address=brand.address,
        logo=brand.logo,
    )


def words(design: Any) -> dict[str, Any]:
    """Markup, body and design of a version, as `publishing.save_draft` takes them. Raises designing.NotADesign."""
    body = designing.mjml_of(design, look())
    return {"markup": TemplateVersion.Markup.MJML, "body": body, "design": design}
