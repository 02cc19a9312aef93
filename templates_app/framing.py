"""Serves a mail's HTML as a document that runs nothing, sends nothing and knows nothing of the page around it."""

import re

from django.http import HttpResponse

# Mails style themselves inline and load pictures from anywhere, as in any mail program. The sandbox gives the document
# an origin of its own, so that it reaches no cookie; links leave it into new tabs.
POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src http: https: data:; font-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)


def framed(document: str) -> HttpResponse:
    """The response for a sandboxed frame of ours."""
    head = re.search(r"<head\b[^>]*>", document, re.IGNORECASE)
    at = head.end() if head else 0
    response = HttpResponse(f'{document[:at]}<base target="_blank">{document[at:]}')
    response["Content-Security-Policy"] = POLICY
    response["Referrer-Policy"] = "no-referrer"
    response["X-Content-Type-Options"] = "nosniff"
    return response
