"""Keeps the pages of scenarios from changing one that is a chain, which is changed in its list of steps."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from flows.chains.editing import ELSEWHERE
from flows.models import Scenario

View = Callable[..., HttpResponse]


def drawn_by_hand(view: View) -> View:
    """Of a chain, a GET leads to its page, and anything that changes something is refused."""

    @wraps(view)
    def guarded(request: HttpRequest, pk: int, *args: Any, **kwargs: Any) -> HttpResponse:
        campaign = Scenario.objects.filter(pk=pk).values_list("campaign", flat=True).first()
        if campaign is None:
            return view(request, pk, *args, **kwargs)
        if request.method in ("GET", "HEAD"):
            return redirect("chain_page", campaign)
        raise PermissionDenied(ELSEWHERE)

    return guarded
