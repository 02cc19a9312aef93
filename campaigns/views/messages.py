"""Pages of the send ledger."""

from django.contrib import messages as notices
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from campaigns import reviewing
from campaigns.delivery import resending
from campaigns.filters import MessagePageFilter
from campaigns.forms import MessageListForm
from campaigns.models import Message, MessageState
from campaigns.origins import places
from contacts.pagination import page
from templates_app.framing import framed

may_read = permission_required("campaigns.view_message", raise_exception=True)
may_change = permission_required("campaigns.change_message", raise_exception=True)
MESSAGES = Message.objects.select_related("origin", "contact", "content")


@require_GET
@may_read
def show_all(request: HttpRequest) -> HttpResponse:
    filters = MessagePageFilter(request.GET, MESSAGES)
    rows = page(filters.qs, request)
    reason = reviewing.Reasons(timezone.now())
    asked = request.GET.get("origin", "")
    known = places({asked, *(message.origin.key for message in rows.rows)})
    context = {
        "page": rows,
        "lines": [
            (message, reviewing.subject_of(message), reason(message), known[message.origin.key])
            for message in rows.rows
        ],
        "form": MessageListForm(request.GET),
        "filtered": any(request.GET.get(name) for name in filters.filters),
        "of_origin": known[asked] if asked else None,
    }
    return render(request, "campaigns/message_list.html", context)


@require_GET
@may_read
def show(request: HttpRequest, pk: int) -> HttpResponse:
    message = get_object_or_404(MESSAGES.select_related("provider"), pk=pk)
    visits = reviewing.visits(message)
    context = {
        "message": message,
        "visits": visits,
        "uncounted": sum(not visit.counted for visit in visits),
        "place": places([message.origin.key])[message.origin.key],
        "shown": reviewing.shown(message),
        "reason": reviewing.Reasons(timezone.now())(message),
        "history": reviewing.history(message),
        "tracked": message.content.links.order_by("number"),
        "may_send_again": resending.may_send_again(message),
    }
    return render(request, "campaigns/message_page.html", context)


@require_GET
@may_read
def html(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail itself, for the sandboxed frame."""
    return framed(reviewing.shown(get_object_or_404(MESSAGES, pk=pk)).html)


@require_http_methods(["GET", "POST"])
@may_change
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    message = get_object_or_404(MESSAGES, pk=pk)
    back = reverse("message_page", args=[pk])
    if request.method == "POST":
        if resending.send_again(message, timezone.now()):
            notices.success(request, "The message is queued again.")
        else:
            notices.error(request, "Only a message that failed or whose fate is unknown can be sent again.")
        return redirect(back)
    context = {
        "message": message,
        "title": "Send this message again?",
        "sentence": (
            "Nobody knows whether the provider took it the first time, so the contact may get it twice."
            if message.state == MessageState.UNKNOWN
            else "The provider did not deliver it. It goes back to the queue, and consent is asked once more."
        ),
        "action": "Send again",
        "danger": False,
        "back_url": back,
        "post_url": request.path,
    }
    return render(request, "campaigns/message_send_again.html", context)
