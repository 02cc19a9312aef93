"""The first page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from config import glance, overview
from config.attention import attention
from config.upcoming import upcoming
from contacts.days import day_of


def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    today = day_of(now)
    days = glance.counted(today)
    return render(
        request,
        "config/home.html",
        {
            "progress": overview.progress(),
            "running": overview.running(),
            "sending": overview.sending(),
            "inside": overview.inside(),
            "figures": glance.figures(days, today),
            "attention": attention(overview.recent_states(), days, today, now),
            "upcoming": upcoming(now),
            "messages_sent": overview.last_messages(),
        },
    )
