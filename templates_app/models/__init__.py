"""Messages as they are written, in versions, and what mails are made to look like."""

from templates_app.models.brand import Brand
from templates_app.models.image import Image
from templates_app.models.template import Template, TemplateVersion

__all__ = ["Brand", "Image", "Template", "TemplateVersion"]
