"""Importing a file: upload, say what its columns are, watch it go in, see what was refused."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from contacts import topics
from contacts.attributes.defining import definitions
from contacts.forms import ImportOptionsForm, ReadingForm, UploadForm
from contacts.imports import attribute_cells, converting, csv_mapping, importing, topic_cells, undoing, uploading
from contacts.imports.attribute_cells import KINDS
from contacts.imports.csv_mapping import TARGETS, slug
from contacts.imports.csv_sniffing import Unreadable
from contacts.models import CsvImport
from contacts.pagination import page

may_see = permission_required("contacts.view_csvimport", raise_exception=True)
may_import = permission_required("contacts.add_csvimport", raise_exception=True)


@may_see
@require_GET
def import_list(request: HttpRequest) -> HttpResponse:
    files = importing.imports().select_related("created_by")
    return render(request, "contacts/import_list.html", {"page": page(files, request)})


@may_import
@require_http_methods(["GET", "POST"])
def import_create(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_valid():
        given = form.cleaned_data["file"]
        try:
            file = converting.store(given.name, given.chunks(uploading.PIECE), request.user)
        except Unreadable as unreadable:
            form.add_error("file", str(unreadable))
        else:
            return redirect("import_page", file.pk)
    return render(request, "contacts/import_form.html", {"form": form})


@may_see
@require_http_methods(["GET", "POST"])
def import_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft's columns to confirm, or how far a confirmed file has got."""
    file = get_object_or_404(importing.imports(), pk=pk)
    if file.state != CsvImport.State.DRAFT:
        refusals = list(file.refusals.order_by("id")[:50])
        shown = {
            "file": file,
            "refusals": refusals,
            "stoppable": file.state in importing.STOPPABLE,
            "undoable": file.created and file.contacts_until and file.state in undoing.UNDOABLE,
            "unvouched": csv_mapping.subscribes(file.mapping) and not file.options.get("basis"),
        }
        return render(request, "contacts/import_page.html", shown)
    if request.method == "POST":
        return _answer(request, file)
    return _draft(request, file, ImportOptionsForm())


@permission_required("contacts.add_csvimport", raise_exception=True)
def _answer(request: HttpRequest, file: CsvImport) -> HttpResponse:
    if "sheet" in request.POST:
        chosen = request.POST["sheet"]
        if not converting.choose(file, int(chosen) if chosen.isdecimal() and len(chosen) < 5 else -1):
            messages.error(request, "There is no such sheet.")
        return redirect("import_page", file.pk)
    if "read_again" in request.POST:
        reading = ReadingForm(request.POST)
        try:
            if reading.is_valid():
                uploading.read_again(file, **reading.cleaned_data)
        except Unreadable as unreadable:
            messages.error(request, str(unreadable))
        return redirect("import_page", file.pk)
    options = ImportOptionsForm(request.POST)
    file.mapping, problem = _mapping(request, file)
    if problem or not options.is_valid():
        return _draft(request, file, options, problem)
    importing.confirm(file, file.mapping, options.cleaned_data)
    return redirect("import_page", file.pk)


def _mapping(request: HttpRequest, file: CsvImport) -> tuple[list[str | None], str]:
    """What each column was said to be, and what is wrong with that."""
    mapping: list[str | None] = []
    wrong = ""
    for index, header in enumerate(file.headers):
        target = request.POST.get(f"column{index}", "")
        if target in KINDS:
            target = f"{target}:{request.POST.get(f'key{index}', '').strip() or slug(header) or f'column_{index + 1}'}"
        if target and not csv_mapping.is_target(target):
            wrong = wrong or csv_mapping.misnamed(target)
        mapping.append(target or None)
    return mapping, wrong or csv_mapping.problem(mapping, topics.known())


def _draft(request: HttpRequest, file: CsvImport, options: ImportOptionsForm, problem: str = "") -> HttpResponse:
    rows = [row.cells for row in uploading.preview(file)]
    columns: list[dict[str, Any]] = []
    offered = attribute_cells.offered(definitions())
    about = topic_cells.offered(topics.known())
    whole = {target for target, _ in [*offered, *about]}
    for index, header in enumerate(file.headers):
        target = (file.mapping[index] if index < len(file.mapping) else "") or ""
        kind, _, key = target.partition(":")
        columns.append(
            {
                "index": index,
                "header": header or f"Column {index + 1}",
                "target": target if target in whole else kind,
                "key": key or slug(header),
                "samples": [row[index][:80] for row in rows if index < len(row)],
                "twice": header and file.headers.count(header) > 1,
            }
        )
    reading = ReadingForm(initial={"encoding": file.encoding, "delimiter": file.delimiter})
    return render(
        request,
        "contacts/import_draft.html",
        {
            "file": file,
            "columns": columns,
            "targets": TARGETS,
            "offered": offered,
            "topics": about,
            "kinds": KINDS,
            "reading": reading,
            "form": options,
            "problem": problem,
            "doubt": uploading.doubt(file),
        },
    )


@may_see
@require_GET
def import_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that asks for itself again while the import works."""
    file = get_object_or_404(importing.imports(), pk=pk)
    answer = render(request, "contacts/_import_progress.html", {"file": file})
    if not file.working:
        answer["HX-Refresh"] = "true"
    return answer


@may_see
@require_GET
def import_refused(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    file = get_object_or_404(importing.imports(), pk=pk)
    answer = StreamingHttpResponse(importing.refused_rows(file), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="refused-{pk}.csv"'
    return answer


@may_import
@require_http_methods(["GET", "POST"])
def import_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stops an import where it stands."""
    file = get_object_or_404(importing.imports(), pk=pk)
    if request.method == "POST":
        if importing.cancel(file, timezone.now()):
            messages.success(request, "The import is cancelled. What went in until now stays.")
        else:
            messages.info(request, "The import had come to its end before it could be cancelled.")
        return redirect("import_page", pk)
    return render(request, "contacts/import_cancel.html", {"file": file})


@permission_required(("contacts.add_csvimport", "contacts.delete_contact"), raise_exception=True)
@require_http_methods(["GET", "POST"])
def import_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Deletes whom an import created, after saying how many those are."""
    file = get_object_or_404(importing.imports(), pk=pk)
    if request.method == "POST":
        if not undoing.begin(file):
            messages.info(request, "There is nothing to undo.")
        return redirect("import_page", pk)
    if file.state not in undoing.UNDOABLE:
        raise Http404
    return render(request, "contacts/import_undo.html", {"file": file, "undoable": undoing.count(file)})


@permission_required("contacts.delete_csvimport", raise_exception=True)
@require_http_methods(["GET", "POST"])
def import_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forgets a file and its refused rows; the contacts that came from it stay."""
    file = get_object_or_404(importing.imports(), pk=pk)
    if request.method == "POST":
        if not importing.forget(file):
            messages.error(request, f"“{file.name}” is at work. Cancel it first.")
            return redirect("import_page", pk)
        messages.success(request, f"“{file.name}” is forgotten.")
        return redirect("import_list")
    return render(request, "contacts/import_delete.html", {"file": file})
