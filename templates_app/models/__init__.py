"""Messages as they are written, in versions."""

from templates_app.models.template import Template, TemplateVersion

__all__ = ["Template", "TemplateVersion"]
