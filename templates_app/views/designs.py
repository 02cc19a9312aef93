"""The block editor for a message that a page further left holds itself: given a design, it hands one back."""

import json
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from templates_app import designing, inserting, previewing
from templates_app.blocks import registry
from templates_app.starters import starters
from templates_app.views.blocks import BadRequest, read, words
from templates_app.views.previews import WIDTHS

may_view = permission_required("templates_app.view_template", raise_exception=True)


@require_POST
@may_view
def page(request: HttpRequest) -> HttpResponse:
    """The editor with the posted `design`, or with a starter's; what to start from where there is neither.

    `event` is the name of the event that its texts may name, "" for any; without it they name none. All of it is
    posted, not fetched, because a design may be longer than an address; nothing is stored.
    """
    lines = {name: request.POST.get(name, "")[:500] for name in ("subject", "preheader")}
    starter = starters().get(request.POST.get("starter", ""))
    design: Any = None
    error = ""
    try:
        design = json.loads(request.POST.get("design") or "null")
        if design is not None:
            designing.check(design)
    except (ValueError, RecursionError, designing.NotADesign):
        design, error = None, "The design that was kept here cannot be read. Start from another one."
    if starter and design is None:
        design = starter.design
        lines = {name: line or getattr(starter, name) for name, line in lines.items()}
    if design is None:
        context = {
            **lines,
            "event": request.POST.get("event"),
            "starters": starters().values(),
            "written": bool(request.POST.get("body")),
            "error": error,
        }
        return render(request, "templates_app/design_start.html", context)
    context = {
        **lines,
        "design": design,
        "editable": True,
        "contact": previewing.sample(),
        "inserts": inserting.inserts(request.POST.get("event")),
        "kinds": registry(),
        "layouts": designing.LAYOUTS,
        "known": designing.described(),
        "widths": WIDTHS,
    }
    return render(request, "templates_app/design_page.html", context)


@require_POST
@may_view
def done(request: HttpRequest) -> HttpResponse:
    """`{"subject", "preheader", "design", "markup", "body"}` of a finished design, or 400 with what is wrong."""
    try:
        sent = read(request)
        made = words(sent)
        problems = designing.problems(sent["design"])
    except (BadRequest, designing.NotADesign) as error:
        return JsonResponse({"detail": str(error)}, status=400)
    if problems:
        said = " ".join(f"{one.field.capitalize()}: {one.sentence}" for one in problems[:3])
        return JsonResponse({"detail": f"Mend this first. {said}"}, status=400)
    return JsonResponse(made)
