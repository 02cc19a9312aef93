"""What the rule builder asks for while it is used: a rule's controls, suggestions, and what the tree means."""

from dataclasses import asdict

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts import segments
from contacts.segments import drawing, previewing, tree
from contacts.segments.forms import scope_at
from contacts.segments.suggesting import suggestions

may_see = permission_required("contacts.view_contact", raise_exception=True)


@may_see
@require_GET
def rule_row(request: HttpRequest) -> HttpResponse:
    """The controls of one rule, as far as it is filled in."""
    scope, _ = scope_at(request.GET.get("place", ""))
    rule = tree.parsed(request.GET.get("rule", ""))
    if not isinstance(rule, dict):
        rule = {}
    if rule.get("rule") == "property" and not scope.event:
        row = drawing.row(rule, segments.Scope(event=True), drawing.property_row(scope).kinds)
    else:
        row = drawing.row(rule, scope)
    return render(request, "contacts/_rule_controls.html", {"row": row})


@may_see
@require_POST
def rule_group(request: HttpRequest) -> HttpResponse:
    """A whole tree as the builder shows it: what was there before, when something is undone."""
    scope, _ = scope_at(request.POST.get("place", ""))
    return HttpResponse(drawing.html(drawing.drawn(tree.parsed(request.POST.get("tree", "") or "null"), scope)))


@may_see
@require_GET
def rule_suggestions(request: HttpRequest) -> HttpResponse:
    asked = request.GET
    found = suggestions(asked.get("of", ""), asked.get("q", "")[:100], asked.get("field", "")[:200])
    return JsonResponse({"options": [each if isinstance(each, str) else asdict(each) for each in found]})


@may_see
@require_POST
def rule_preview(request: HttpRequest) -> HttpResponse:
    """The tree in words, what is wrong with it, or how many contacts match and some of them."""
    scope, name = scope_at(request.POST.get("place", ""))
    rule = tree.parsed(request.POST.get(name, "") or "null")
    return render(request, "contacts/_rule_preview.html", {"preview": previewing.preview(rule, scope, timezone.now())})
