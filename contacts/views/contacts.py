"""The list of contacts: narrowed down, in the columns that were chosen, and with the views that somebody keeps."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from contacts import contact_columns, saved_views
from contacts.counting import total
from contacts.models import BulkEdit, Contact, SavedView
from contacts.pagination import page
from contacts.people import bulk_actions, selecting
from contacts.people.exporting import columns_in_use
from contacts.people.selection_form import SelectionForm
from contacts.segments import InvalidRule

may_see = permission_required("contacts.view_contact", raise_exception=True)


@may_see
@require_GET
def contact_list(request: HttpRequest) -> HttpResponse:
    if not request.GET and (first := saved_views.first_of(request.user)):
        return redirect(f"{reverse('contact_list')}?{saved_views.query(first)}")
    form = SelectionForm(request.GET)
    contacts = _narrowed(form)
    rows = page(contacts.prefetch_related("contact_tags__tag", "consents"), request)
    asked = contact_columns.asked(request.GET)
    columns = contact_columns.cleaned(asked, contact_columns.LIST)
    context = {
        "form": form,
        "page": rows,
        "rows": [(contact, contact_columns.cells(contact, columns)) for contact in rows.rows],
        "total": total(contacts),
        "columns": columns,
        "wide_columns": [(key, label) for key, label in contact_columns.LABELS.items() if key not in ("id", "name")],
        "keys": [column.key for column in columns],
        "actions": _actions(request),
        **_views(request, asked),
    }
    return render(request, "contacts/contact_list.html", context)


@may_see
@require_GET
def attribute_keys(request: HttpRequest) -> HttpResponse:
    """What the attribute filter and the choice of columns propose."""
    return render(request, "contacts/_attribute_keys.html", {"keys": columns_in_use()})


@may_see
@require_GET
def contact_count(request: HttpRequest) -> HttpResponse:
    """How many contacts the filters mean, exactly: what is selected with “all that match”."""
    try:
        count = selecting.of_filters(request.GET).count(timezone.now())
    except (selecting.BadSelection, InvalidRule):
        count = 0
    return render(request, "contacts/_contact_count.html", {"count": count})


def _narrowed(form: SelectionForm) -> QuerySet[Contact]:
    """Nobody where the form is wrong, or names a segment whose rule cannot be asked; the form then says so."""
    try:
        if form.is_valid():
            return selecting.narrowed(form.cleaned_data, timezone.now())
    except InvalidRule as error:
        form.add_error("segment", str(error))
    return Contact.objects.none()


def _actions(request: HttpRequest) -> list[tuple[str, str]]:
    may = request.user.has_perm
    return [(a.value, a.label) for a in BulkEdit.Action if may(bulk_actions.permission(a))]


def _views(request: HttpRequest, asked: list[str]) -> dict[str, Any]:
    """The views above the list, which of them is open, and whether something else is shown than it says."""
    opened = SavedView.objects.opened(request.user, request.GET.get("view", ""))
    shown = list(SavedView.objects.visible(request.user)[: saved_views.MOST])
    query = request.GET.copy()
    for name in ("view", "before", "after"):
        query.pop(name, None)
    return {
        "tabs": [(view, saved_views.query(view)) for view in shown],
        "opened": opened,
        "unsaved": opened is not None and saved_views.is_changed(opened, request.GET, asked),
        "opened_query": saved_views.query(opened) if opened else "",
        "changeable": opened is not None and _may_change(request, opened),
        "query": query.urlencode(),
    }


def _may_change(request: HttpRequest, view: SavedView) -> bool:
    return SavedView.objects.changeable(request.user).filter(pk=view.pk).exists()
