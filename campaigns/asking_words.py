"""Writes the mail in which contacts are asked for consent where the operators have no template of their own for it."""

import html

from django.utils.translation import get_language, gettext, ngettext

_BODY = """<!doctype html><html lang="{language}"><body>
<p>{{% if contact.first_name %}}{named}{{% else %}}{hello}{{% endif %}}</p>
<p>{asked}</p>
<p><a href="{{{{ confirm_url }}}}">{yes}</a></p>
<p>{otherwise}</p>
</body></html>"""
_FIRST_NAME, _EMAIL = "{{ contact.first_name }}", "{{ contact.email }}"


def words(sender: str, days: int) -> dict[str, str]:
    """Subject and body, in Liquid, in the language that is spoken just now; the link works for `days`."""
    sender = sender.replace("{", "").replace("}", "")
    asked = gettext(
        "Somebody, we hope you, asked us to send emails from %(name)s to %(address)s. "
        "Please confirm that you want them:"
    )
    otherwise = ngettext(
        "If you did not ask for this, do nothing: without your confirmation you get no emails. The link works for "
        "%(days)d day.",
        "If you did not ask for this, do nothing: without your confirmation you get no emails. The link works for "
        "%(days)d days.",
        days,
    )
    return {
        "subject": gettext("Please confirm: emails from %(name)s") % {"name": sender},
        "body": _BODY.format(
            language=get_language(),
            named=html.escape(gettext("Hello %(first_name)s,")) % {"first_name": _FIRST_NAME},
            hello=html.escape(gettext("Hello,")),
            asked=html.escape(asked) % {"name": f"<strong>{html.escape(sender)}</strong>", "address": _EMAIL},
            yes=html.escape(gettext("Yes, send me emails")),
            otherwise=html.escape(otherwise % {"days": days}),
        ),
    }
