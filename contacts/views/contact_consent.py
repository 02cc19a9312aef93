"""What a contact said about being written to, on their page: the channels, the topics, and the history."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts import consent, consent_history, saving
from contacts.htmx import HtmxRequest
from contacts.models import ConsentState, Contact, Topic
from contacts.models.consent import SAYABLE, Channel

HISTORY = 8


@permission_required("contacts.change_contact", raise_exception=True)
@require_POST
def change(request: HtmxRequest, pk: int) -> HttpResponse:
    """Keep what an operator was told, about a channel or about one of its topics."""
    contact = get_object_or_404(Contact, pk=pk)
    channel, state, topic = (request.POST.get(name, "") for name in ("channel", "state", "topic"))
    given = {"topics": {topic: {channel: state}}} if topic else {"consent": {channel: state}}
    who = request.user.get_username()
    try:
        proof = consent.Proof(who, {"form": "contact page"})
        saving.update(contact, given, timezone.now(), f"by {who}", proof=proof)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    if not request.htmx:
        return redirect("contact_page", contact.pk)
    return render(request, "contacts/_contact_consent.html", {"contact": contact, **shown(contact)})


@permission_required("contacts.view_contact", raise_exception=True)
@require_GET
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """Older answers, for the end of the list on the page."""
    contact = get_object_or_404(Contact, pk=pk)
    before = request.GET.get("before", "")
    place = int(before) if before.isdecimal() and len(before) < 10 else consent_history.NEWEST
    context = {"contact": contact, **told(contact, place)}
    return render(request, "contacts/_contact_consent_history.html", context)


def shown(contact: Contact) -> dict[str, Any]:
    """The context of `_contact_consent.html` and, in it, of the history."""
    said = {row.channel: row for row in contact.consents.all()}
    about = {(row.topic_id, row.channel): row for row in contact.topic_consents.all()}
    topics = list(Topic.objects.filter(archived_at=None))
    channels = []
    for channel in Channel:
        reason = consent.refusals(channel, [contact.pk]).get(contact.pk, "")
        channels.append(
            {
                "key": channel.value,
                "label": channel.label,
                "said": said.get(channel.value),
                "state": said[channel.value].state if channel.value in said else ConsentState.UNKNOWN.value,
                "suppressed": reason == consent.SUPPRESSED,
                "refused": bool(reason),
                "topics": [_of_topic(topic, about.get((topic.pk, channel.value))) for topic in topics],
            }
        )
    states = [(state, ConsentState(state).label) for state in SAYABLE]
    return {"channels": channels, "consent_states": states, **told(contact)}


def _of_topic(topic: Topic, said: Any) -> dict[str, Any]:
    state = said.state if said else ConsentState.UNKNOWN.value
    wanted = state == ConsentState.SUBSCRIBED or (
        state == ConsentState.UNKNOWN and topic.policy == Topic.Policy.OPT_OUT
    )
    return {"topic": topic, "said": said, "state": state, "gets": wanted}


def told(contact: Contact, before: int = consent_history.NEWEST) -> dict[str, Any]:
    entries = consent_history.told(contact.pk, before, HISTORY + 1)
    return {"entries": entries[:HISTORY], "earlier": entries[HISTORY - 1].place if len(entries) > HISTORY else None}
