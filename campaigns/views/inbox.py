"""The inbox of the local outbox: messages as their recipients would see them."""

from django.contrib.auth.decorators import permission_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.html import escape
from django.views.decorators.http import require_GET

from campaigns import reading
from campaigns.forms import InboxListForm
from campaigns.models import InboxMessage
from contacts.pagination import page
from templates_app.framing import framed

may_read = permission_required("campaigns.view_inboxmessage", raise_exception=True)


@require_GET
@may_read
def show_all(request: HttpRequest) -> HttpResponse:
    rows = InboxMessage.objects.defer("html", "headers")
    form = InboxListForm(request.GET)
    if channel := form.asked["channel"]:
        rows = rows.filter(channel=channel)
    if words := form.asked["q"]:
        rows = rows.filter(Q(recipient__icontains=words) | Q(subject__icontains=words) | Q(text__icontains=words))
    return render(request, "campaigns/inbox.html", {"page": page(rows, request), "form": form})


@require_GET
@may_read
def show(request: HttpRequest, pk: int) -> HttpResponse:
    message = get_object_or_404(InboxMessage, pk=pk)
    tabs = reading.views_of(message)
    view = request.GET.get("view", "")
    context = {
        "message": message,
        "tabs": tabs,
        "view": view if view in dict(tabs) else tabs[0][0],
        "text": reading.with_links(message.text),
        "parts": reading.parts_of(message),
    }
    return render(request, "campaigns/inbox_message.html", context)


@require_GET
@may_read
def html(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail itself, for the sandboxed frame."""
    message = get_object_or_404(InboxMessage, pk=pk)
    return framed(message.html or f"<pre>{escape(message.text)}</pre>")
