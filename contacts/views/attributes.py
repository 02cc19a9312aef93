"""The pages of attributes: which there are, defining, changing, moving and giving them up."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.attributes import fitting, guessing, saving, using
from contacts.attributes.defining import Definition, definitions, house_zone
from contacts.attributes.form import AttributeForm
from contacts.attributes.types import TYPES
from contacts.models import Attribute, AttributeSweep

may_see = permission_required("contacts.view_attribute", raise_exception=True)
may_add = permission_required("contacts.add_attribute", raise_exception=True)
may_change = permission_required("contacts.change_attribute", raise_exception=True)


@may_see
@require_GET
def attribute_list(request: HttpRequest) -> HttpResponse:
    rows = list(Attribute.objects.all())
    used = using.uses([row.name for row in rows])
    context = {
        "rows": [(row, used[row.name]) for row in rows],
        "undefined": guessing.undefined(definitions()),
        "looked_at": guessing.LOOKED_AT,
        "most": saving.MOST,
        **_passes(rows),
    }
    return render(request, "contacts/attribute_list.html", context)


@may_see
@require_GET
def attribute_passes(request: HttpRequest) -> HttpResponse:
    """What goes through the contacts at the moment, and again until nothing does."""
    answer = render(request, "contacts/_attribute_passes.html", _passes(list(Attribute.objects.all())))
    if not AttributeSweep.objects.exists():
        answer["HX-Refresh"] = "true"
    return answer


def _passes(rows: list[Attribute]) -> dict[str, Any]:
    labels = {row.name: row.label for row in rows}
    sweeps = list(AttributeSweep.objects.all())
    return {"passes": [(sweep, labels.get(sweep.name, sweep.name)) for sweep in sweeps]}


@may_add
@require_http_methods(["GET", "POST"])
def attribute_create(request: HttpRequest) -> HttpResponse:
    """`?name=` offers what an attribute that is in use seems to be."""
    row = Attribute()
    if request.method == "POST":
        form = AttributeForm(request.POST, row)
        if form.is_valid() and _saved(form, row):
            messages.success(request, f"“{row.label}” is defined. Values that do not fit it are being counted.")
            return redirect("attribute_list")
        return render(request, "contacts/attribute_form.html", {"form": form})
    name = request.GET.get("name", "").replace("\0", "")[:100]
    found = guessing.guessed(name, definitions()) if name else None
    guess: dict[str, Any] = {"name": name, "label": name.replace("_", " ").strip().capitalize(), "description": ""}
    guess |= {"type": found.type if found else "text", "choices": found.choices if found else []}
    form = AttributeForm(None, row, guess if name else None)
    return render(request, "contacts/attribute_form.html", {"form": form, "found": found})


@may_change
@require_http_methods(["GET", "POST"])
def attribute_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Changes a definition; asks first where values would not fit any more."""
    row = get_object_or_404(Attribute, pk=pk)
    form = AttributeForm(request.POST if request.method == "POST" else None, row)
    context = {"form": form, "attribute": row, "uses": using.uses([row.name])[row.name]}
    if form.is_valid():
        if saving.narrows(row, form.cleaned_data) and "sure" not in request.POST:
            wanted = _wanted(row, form.cleaned_data)
            fit = fitting.look(wanted)
            if fit.unfit:
                context |= {"fit": fit, "type_label": wanted.type.label, "old_type": TYPES[row.type].label}
                return render(request, "contacts/attribute_change.html", context)
        if _saved(form, row):
            messages.success(request, f"“{row.label}” is saved.")
            return redirect("attribute_list")
    return render(request, "contacts/attribute_form.html", context)


def _wanted(row: Attribute, cleaned: dict[str, Any]) -> Definition:
    """The definition as it would be."""
    type = TYPES[cleaned["type"]]
    choices = tuple(filter(None, map(str.strip, cleaned["choices"]))) if type.has_choices else ()
    return Definition(row.pk, row.name, cleaned["label"], "", type, choices, house_zone())


def _saved(form: AttributeForm, row: Attribute) -> bool:
    try:
        saving.save(row, form.cleaned_data, timezone.now())
    except ValidationError as error:
        form.refuse(error)
        return False
    return True


@may_change
@require_POST
def attribute_move(request: HttpRequest, pk: int) -> HttpResponse:
    """One place `up` or `down`."""
    saving.move(get_object_or_404(Attribute, pk=pk), up=request.POST.get("to") == "up")
    return redirect("attribute_list")


@may_change
@require_http_methods(["GET", "POST"])
def attribute_convert(request: HttpRequest, pk: int) -> HttpResponse:
    """Makes the values fit that can be made to."""
    row = get_object_or_404(Attribute, pk=pk)
    if request.method == "POST":
        saving.convert(row, timezone.now(), f"by {request.user.get_username()}")
        messages.success(request, f"The values of “{row.label}” are being converted.")
        return redirect("attribute_list")
    return render(request, "contacts/attribute_convert.html", {"attribute": row, "type": TYPES[row.type]})


@permission_required("contacts.delete_attribute", raise_exception=True)
@require_http_methods(["GET", "POST"])
def attribute_delete(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Attribute, pk=pk)
    if request.method == "POST":
        remove = request.POST.get("values") == "remove"
        saving.delete(row, timezone.now(), remove, f"by {request.user.get_username()}")
        rest = "its values are being removed" if remove else "the values stay with the contacts"
        messages.success(request, f"“{row.label}” is not defined any more; {rest}.")
        return redirect("attribute_list")
    uses = using.uses([row.name])[row.name]
    return render(request, "contacts/attribute_delete.html", {"attribute": row, "uses": uses})
