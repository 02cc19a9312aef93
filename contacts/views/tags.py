"""The pages of tags."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from contacts.forms import TagForm
from contacts.models import Tag


@permission_required("contacts.view_tag", raise_exception=True)
@require_http_methods(["GET", "POST"])
def tag_list(request: HttpRequest) -> HttpResponse:
    form = TagForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and request.user.has_perm("contacts.add_tag") and form.is_valid():
        Tag.objects.create(name=form.cleaned_data["name"])
        messages.success(request, f"Tag “{form.cleaned_data['name']}” is created.")
        return redirect("tag_list")
    tags = Tag.objects.annotate(size=Count("contact_tags"))
    return render(request, "contacts/tag_list.html", {"tags": tags, "form": form})


@permission_required("contacts.change_tag", raise_exception=True)
@require_http_methods(["GET", "POST"])
def tag_edit(request: HttpRequest, pk: int) -> HttpResponse:
    tag = get_object_or_404(Tag, pk=pk)
    form = TagForm(request.POST if request.method == "POST" else None, tag)
    if form.is_valid():
        Tag.objects.filter(pk=pk).update(name=form.cleaned_data["name"])
        messages.success(request, f"“{tag.name}” is now called “{form.cleaned_data['name']}”.")
        return redirect("tag_list")
    return render(request, "contacts/tag_form.html", {"form": form, "tag": tag})


@permission_required("contacts.delete_tag", raise_exception=True)
@require_http_methods(["GET", "POST"])
def tag_delete(request: HttpRequest, pk: int) -> HttpResponse:
    tag = get_object_or_404(Tag, pk=pk)
    if request.method == "POST":
        tag.delete()
        messages.success(request, f"Tag “{tag.name}” is deleted.")
        return redirect("tag_list")
    return render(request, "contacts/tag_delete.html", {"tag": tag, "size": tag.contact_tags.count()})
