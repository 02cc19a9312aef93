"""The page of a message's links: its rendered mail with the clicks on it, and a table of them."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from campaigns.models import Content, Origin
from campaigns.origins import Place, places
from campaigns.reports import link_map
from templates_app.framing import framed

may_read = permission_required("campaigns.view_message", raise_exception=True)


@require_GET
@may_read
def show(request: HttpRequest, content: int) -> HttpResponse:
    found, origin, place = _asked(request, content)
    links = link_map.clicks(found, origin)
    context = {
        "content": found,
        "place": place,
        "origin": origin,
        "clicked": links,
        "total": sum(link.clicks for link in links),
        "sent": link_map.sent(found, origin),
    }
    return render(request, "campaigns/link_map.html", context)


@require_GET
@may_read
def html(request: HttpRequest, content: int) -> HttpResponse:
    """The mail itself with its badges, for the sandboxed frame."""
    found, origin, _ = _asked(request, content)
    return framed(link_map.drawn(found, link_map.clicks(found, origin)))


def _asked(request: HttpRequest, pk: int) -> tuple[Content, Origin | None, Place | None]:
    """One place that sends these words, or all of them together."""
    content = get_object_or_404(Content.objects.select_related("template_version__template"), pk=pk)
    key = request.GET.get("origin", "").replace("\0", "")
    if not key:
        return content, None, None
    origin = get_object_or_404(Origin, key=key)
    return content, origin, places([key])[key]
