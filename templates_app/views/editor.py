"""The page on which a template's words are written, looked at and published."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from contacts.models.consent import Channel
from templates_app import designing, inserting, publishing, usage
from templates_app.blocks import registry
from templates_app.forms import NameForm, WordsForm
from templates_app.models import Template, TemplateVersion
from templates_app.views.lists import folders
from templates_app.views.previews import preview_context

may_change = permission_required("templates_app.change_template", raise_exception=True)


@permission_required("templates_app.view_template", raise_exception=True)
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The draft to write on where there is one, else the published version to read."""
    template = get_object_or_404(Template.objects.select_related("published"), pk=pk)
    versions = list(template.versions.select_related("created_by", "submitted_by", "rejected_by"))
    version = _chosen(request, template, versions)
    version.template = template
    editable = version.state == TemplateVersion.State.DRAFT and request.user.has_perm("templates_app.change_template")
    form = WordsForm(request.POST or None, instance=version, channel=template.channel)
    if request.method == "POST":
        if not editable:
            raise PermissionDenied("Only drafts can be changed.")
        if form.is_valid():
            done = _save(request, form.instance, form.cleaned_data)
            if done:
                return done
    context = {
        "template": template,
        "version": version,
        "versions": versions,
        "form": form,
        "inserts": inserting.inserts(),
        "revision": request.POST.get("revision", version.revision),
        "editable": editable,
        "has_draft": versions[0].is_open,
        "sent_back": _sent_back(version, versions),
        "is_sms": template.channel == Channel.SMS,
        "uses": usage.uses_of_template(pk),
        **preview_context(request, version),
    }
    if version.design is not None:
        context |= {"kinds": registry(), "layouts": designing.LAYOUTS, "known": designing.described()}
        return render(request, "templates_app/template_blocks.html", context)
    return render(request, "templates_app/template_page.html", context)


@may_change
@require_POST
def autosave(request: HttpRequest, pk: int) -> HttpResponse:
    """Keeps the words of a draft that is written in code, finished or not; `{"revision"}`, or 409 where somebody else
    has saved it since."""
    version = get_object_or_404(
        TemplateVersion.objects.select_related("template"),
        template=pk,
        state=TemplateVersion.State.DRAFT,
        design__isnull=True,
    )
    form = WordsForm(request.POST, channel=version.template.channel, unfinished=True)
    revision = _revision(request)
    if not form.is_valid() or revision is None:
        wrong = [f"{form.fields[name].label or name}: {text}" for name, texts in form.errors.items() for text in texts]
        return JsonResponse({"detail": " ".join(wrong) or "Say which revision this continues."}, status=400)
    try:
        publishing.save_draft(version, form.cleaned_data, revision)
    except (publishing.NotADraft, publishing.Overtaken) as error:
        return JsonResponse({"detail": str(error)}, status=409)
    return JsonResponse({"revision": version.revision})


def _revision(request: HttpRequest) -> int | None:
    """Which state of the draft the page shows."""
    given = request.POST.get("revision", "")
    return int(given) if given.isdecimal() and len(given) < 10 else None


@may_change
@require_POST
def new_draft(request: HttpRequest, pk: int) -> HttpResponse:
    template = get_object_or_404(Template.objects.select_related("published"), pk=pk)
    draft = publishing.draft_of(template, request.user)
    messages.success(request, f"Version {draft.number} is a draft. What is published stays until you publish it.")
    return redirect("template_page", pk)


@may_change
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The template's name and folder."""
    template = get_object_or_404(Template, pk=pk)
    form = NameForm(request.POST or None, instance=template)
    if request.method == "POST" and form.is_valid():
        form.save()
        if getattr(request, "htmx", False):
            return HttpResponse(status=204, headers={"HX-Redirect": reverse("template_page", args=[pk])})
        return redirect("template_page", pk)
    context = {"template": template, "form": form, "folders": folders()}
    status = 422 if request.method == "POST" else 200
    return render(request, "templates_app/template_edit.html", context, status=status)


def _chosen(request: HttpRequest, template: Template, versions: list[TemplateVersion]) -> TemplateVersion:
    number = request.GET.get("version", "")
    for version in versions:
        if str(version.number) == number:
            return version
    if versions[0].is_open or versions[0].review:
        return versions[0]
    return template.published or versions[0]


def _sent_back(version: TemplateVersion, versions: list[TemplateVersion]) -> TemplateVersion | None:
    """What a reviewer said of the version before, while another one is written."""
    before = next((one for one in versions if one.number < version.number), None)
    return before if before and before.review and version.is_open else None


def _save(request: HttpRequest, draft: TemplateVersion, words: dict[str, str]) -> HttpResponse | None:
    """Save, and publish if that was the button. None where the page is to be shown again, with what is wrong."""
    publish, submit = request.POST.get("do") == "publish", request.POST.get("do") == "submit"
    if publish and not request.user.has_perm("templates_app.publish_template"):
        raise PermissionDenied("You may not publish templates.")
    try:
        publishing.save_draft(draft, words, _revision(request))
        if publish:
            publishing.publish(draft, request.user, timezone.now())
        elif submit:
            publishing.submit(draft, request.user, timezone.now())
    except publishing.Overtaken as error:
        messages.error(request, f"{error} What you wrote stands below and is not saved: copy it first.")
        return None
    except publishing.NotADraft as error:
        messages.error(request, str(error))
    except publishing.Unpublishable:
        what = "published" if publish else "in review"
        messages.error(request, f"The draft is saved, but not {what}: something in it cannot be sent.")
        return None
    else:
        said = "The draft is saved."
        if publish:
            said = f"Version {draft.number} is published and sent from now on."
        elif submit:
            said = f"Version {draft.number} is in review. Whoever may publish templates sees it in the list."
        messages.success(request, said)
    return redirect("template_page", draft.template_id)
