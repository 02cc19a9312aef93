"""Tells which templates say what contacts' attributes are, in what is sent or being written."""

from collections.abc import Sequence

from django.urls import reverse

from contacts.attributes.using import IN_WORDS, Uses, asked
from contacts.segments.using import Use

_WORDS = "(v.subject || ' ' || v.preheader || ' ' || v.body || COALESCE(v.design::text, ''))"
_TEMPLATES = f"""
    SELECT n.name, t.id, t.name FROM unnest(%(names)s::text[]) AS n (name), templates_app_template t
    WHERE EXISTS (
        SELECT FROM templates_app_templateversion v
        WHERE v.template_id = t.id AND (v.id = t.published_id OR v.state IN ('draft', 'in_review'))
        AND {IN_WORDS.format(column=_WORDS)}
    ) ORDER BY t.name
"""  # noqa: S608


def uses(names: Sequence[str]) -> Uses:
    return asked(_TEMPLATES, names, lambda pk, name: Use("Template", name, reverse("template_page", args=[pk])))
