"""Views of the list of contacts are saved, renamed, moved, opened first and deleted."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from contacts import contact_columns, saved_views
from contacts.models import SavedView
from contacts.saved_view_form import SavedViewForm

may_see = permission_required("contacts.view_contact", raise_exception=True)
may_add = permission_required("contacts.add_savedview", raise_exception=True)
may_change = permission_required("contacts.change_savedview", raise_exception=True)
may_delete = permission_required("contacts.delete_savedview", raise_exception=True)


@require_http_methods(["GET", "POST"])
@may_add
def create(request: HttpRequest) -> HttpResponse:
    """What the list shows gets a name."""
    query = QueryDict(request.POST.get("query", "") if request.method == "POST" else request.GET.urlencode())
    form = SavedViewForm(request.POST or None, instance=SavedView(owner_id=request.user.pk))
    if request.method == "POST" and form.is_valid():
        view = saved_views.keep(form.save(commit=False), query, contact_columns.asked(query), timezone.now())
        messages.success(request, f"The view “{view.name}” is saved.")
        return redirect(_address(view))
    title = "Save this view"
    return _form(request, form, query.urlencode(), title, f"{reverse('contact_list')}?{query.urlencode()}")


@require_http_methods(["GET", "POST"])
@may_change
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    view = get_object_or_404(SavedView.objects.changeable(request.user), pk=pk)
    form = SavedViewForm(request.POST or None, instance=view)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, f"The view is now called “{view.name}”.")
        return redirect(_address(view))
    return _form(request, form, "", f"Rename “{view}”", _address(view))


@require_POST
@may_change
def update(request: HttpRequest, pk: int) -> HttpResponse:
    """What is shown now becomes what the view shows."""
    view = get_object_or_404(SavedView.objects.changeable(request.user), pk=pk)
    query = QueryDict(request.POST.get("query", ""))
    saved_views.keep(view, query, contact_columns.asked(query), timezone.now())
    messages.success(request, f"The view “{view.name}” is saved as it is now.")
    return redirect(_address(view))


@require_POST
@may_change
def move(request: HttpRequest, pk: int) -> HttpResponse:
    view = get_object_or_404(SavedView.objects.changeable(request.user), pk=pk)
    saved_views.move(view, -1 if request.POST.get("to") == "front" else 1)
    return redirect(_address(view))


@require_POST
@may_see
def open_first(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether the list opens with this view, for who asks."""
    view = get_object_or_404(SavedView.objects.visible(request.user), pk=pk)
    wanted = request.POST.get("first") == "yes"
    saved_views.open_first(view if wanted else None, request.user)
    sentence = f"Contacts open with “{view.name}” from now on." if wanted else "Contacts open with all of them again."
    messages.success(request, sentence)
    return redirect(_address(view))


@require_http_methods(["GET", "POST"])
@may_delete
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    view = get_object_or_404(SavedView.objects.changeable(request.user), pk=pk)
    if request.method == "POST":
        view.delete()
        messages.success(request, f"The view “{view.name}” is deleted.")
        return redirect(f"{reverse('contact_list')}?view=")
    context = {
        "title": f"Delete the view “{view}”?",
        "sentence": "Everybody who uses it loses it." if view.shared else "Only you see it.",
        "details": ["The contacts in it stay as they are."],
        "action": "Delete view",
        "post_url": request.path,
        "back_url": _address(view),
    }
    return render(request, "confirm.html", context)


def _form(request: HttpRequest, form: SavedViewForm, query: str, title: str, back: str) -> HttpResponse:
    context = {"form": form, "query": query, "title": title, "back": back}
    return render(request, "save_as.html", context)


def _address(view: SavedView) -> str:
    return f"{reverse('contact_list')}?{saved_views.query(view)}"
