"""The first page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config import overview


def home(request: HttpRequest) -> HttpResponse:
    states = overview.recent_states()
    return render(
        request,
        "config/home.html",
        {
            "progress": overview.progress(),
            "running": overview.running(),
            "figures": overview.figures(),
            "attention": overview.attention(states),
            "messages_sent": overview.last_messages(),
        },
    )
