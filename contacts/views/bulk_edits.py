"""Changing many contacts at once: the dialog, how far it has got, what came of it, and stopping it."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts import contact_columns
from contacts.htmx import HtmxRequest
from contacts.models import BulkEdit
from contacts.pagination import page
from contacts.people import bulk_actions, bulk_editing, exporting, selecting
from contacts.people.bulk_forms import BulkEditForm
from contacts.people.selecting import BadSelection, Selection
from contacts.segments import InvalidRule

may_see = permission_required("contacts.view_bulkedit", raise_exception=True)
may_export = permission_required("contacts.export_contact", raise_exception=True)


@require_http_methods(["GET", "POST"])
@may_see
def create(request: HtmxRequest, action: str) -> HttpResponse:
    """The dialog of one action; it says how many contacts it means, and is asked again when that has changed."""
    if action not in BulkEdit.Action.values:
        return HttpResponseBadRequest("There is no such action.")
    if not request.user.has_perm(bulk_actions.permission(action)):
        raise PermissionDenied
    try:
        selection = _selection(request)
        count = selection.count(timezone.now())
    except (BadSelection, InvalidRule, ValueError) as error:
        return render(request, "contacts/bulk_edit_form.html", {"problem": str(error)})
    confirmed = request.POST.get("confirmed", "")
    data = request.POST if request.method == "POST" and confirmed else None
    form = BulkEditForm(action, int(confirmed) if confirmed.isdecimal() and len(confirmed) < 19 else count, data)
    if data is not None and form.is_valid():
        try:
            source = f"bulk edit by {request.user.get_username()}"
            edit = bulk_editing.begin(selection, action, form.values, timezone.now(), source, request.user, form.count)
        except bulk_editing.Changed as changed:
            count = changed.count
            form = BulkEditForm(action, count)
            return _dialog(request, action, selection, form, count, f"{changed} Please look again.")
        if request.htmx:
            return HttpResponse(headers={"HX-Redirect": reverse("bulk_edit_page", args=[edit.pk])})
        return redirect("bulk_edit_page", edit.pk)
    return _dialog(request, action, selection, form, form.count, "")


def _dialog(
    request: HttpRequest, action: str, selection: Selection, form: BulkEditForm, count: int, changed: str
) -> HttpResponse:
    context = {
        "action": BulkEdit.Action(action),
        "form": form,
        "count": count,
        "selection": json.dumps(selection.as_json()),
        "who": selecting.sentence(selection.as_json()),
        "everybody": selection.everybody,
        "changed": changed,
        "heavy": action in bulk_actions.HEAVY,
        "tags": form.tags_known,
    }
    return render(request, "contacts/bulk_edit_form.html", context)


def _selection(request: HttpRequest) -> Selection:
    """What the list's form sends: ticked ids, or all that its filters let through; or what the dialog brings back."""
    given: Any = request.POST if request.method == "POST" else request.GET
    if given.get("selection"):
        return selecting.of_text(given["selection"])
    if given.get("all") == "1":
        return selecting.of_filters(given)
    return selecting.of_ids(given.getlist("ids"))


@require_GET
@may_see
def show_all(request: HttpRequest) -> HttpResponse:
    shown = page(BulkEdit.objects.select_related("created_by"), request)
    for edit in shown.rows:
        _worded(edit)
    return render(request, "contacts/bulk_edit_list.html", {"page": shown})


@require_GET
@may_see
def show(request: HttpRequest, pk: int) -> HttpResponse:
    edit = _worded(get_object_or_404(BulkEdit.objects.select_related("created_by"), pk=pk))
    return render(request, "contacts/bulk_edit_page.html", {"edit": edit})


@require_GET
@may_see
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that asks for itself again while the edit works."""
    edit = get_object_or_404(BulkEdit, pk=pk)
    answer = render(request, "contacts/_bulk_edit_progress.html", {"edit": edit})
    if not edit.working:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@may_see
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    edit = get_object_or_404(BulkEdit, pk=pk)
    if not request.user.has_perm(bulk_actions.permission(edit.action)):
        raise PermissionDenied
    if bulk_editing.cancel(edit, timezone.now()):
        messages.success(request, "It is stopped. What was changed by then stays changed.")
    else:
        messages.warning(request, "It was over already.")
    return redirect("bulk_edit_page", pk)


def _worded(edit: BulkEdit) -> BulkEdit:
    edit.words = bulk_actions.sentence(edit.action, edit.values)  # type: ignore[attr-defined]
    edit.who = selecting.sentence(edit.selection)  # type: ignore[attr-defined]
    return edit


@require_GET
@may_export
def export_form(request: HttpRequest) -> HttpResponse:
    """The dialog in which the columns of a file are chosen."""
    try:
        selection = _selection(request)
        count = selection.count(timezone.now())
    except (BadSelection, InvalidRule, ValueError) as error:
        return render(request, "contacts/contact_export.html", {"problem": str(error)})
    context = {
        "count": count,
        "selection": json.dumps(selection.as_json()),
        "labels": contact_columns.LABELS.items(),
        "usual": contact_columns.FILE,
        "keys": exporting.columns_in_use(),
    }
    return render(request, "contacts/contact_export.html", context)


@require_http_methods(["GET", "POST"])
@may_export
def export(request: HttpRequest) -> HttpResponseBase:
    given = request.POST if request.method == "POST" else request.GET
    try:
        selection = _selection(request)
        selection.contacts(timezone.now())
    except (BadSelection, InvalidRule, ValueError) as error:
        return HttpResponseBadRequest(str(error))
    columns = contact_columns.cleaned(given.getlist("columns"), contact_columns.FILE)
    now = timezone.now()
    answer = StreamingHttpResponse(exporting.lines(selection, columns, now), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="contacts-{now:%Y-%m-%d}.csv"'
    return answer
