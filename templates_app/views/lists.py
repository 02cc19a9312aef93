"""The list of templates, new ones, and taking one away."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from contacts.models.consent import Channel
from contacts.pagination import page
from templates_app import publishing, usage
from templates_app.forms import TemplateForm, TemplateListForm
from templates_app.models import Template, TemplateVersion
from templates_app.starters import starters

OWN_HTML = """<p>Hello {{ contact.first_name }},</p>
<p></p>
<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>
"""


@require_GET
@permission_required("templates_app.view_template", raise_exception=True)
def show_all(request: HttpRequest) -> HttpResponse:
    newest = TemplateVersion.objects.filter(template=OuterRef("pk")).order_by("-number").values("state")[:1]
    rows: QuerySet[Template] = Template.objects.select_related("published").annotate(newest=Subquery(newest))
    form = TemplateListForm(request.GET, folders())
    if channel := form.asked["channel"]:
        rows = rows.filter(channel=channel)
    if words := form.asked["q"]:
        said = TemplateVersion.objects.filter(template=OuterRef("pk")).filter(
            Q(subject__icontains=words) | Q(body__icontains=words)
        )
        rows = rows.filter(Q(name__icontains=words) | Exists(said))
    if folder := form.asked["folder"]:
        rows = rows.filter(folder=folder)
    if state := form.asked["state"]:
        published = Q(published__isnull=False) if state == TemplateVersion.State.PUBLISHED else Q()
        rows = rows.filter(published or Q(newest=state))
    shown = page(rows, request)
    context = {
        "page": shown,
        "rows": [(template, usage.uses_of_template(template.pk)) for template in shown.rows],
        "form": form,
    }
    return render(request, "templates_app/template_list.html", context)


@permission_required("templates_app.add_template", raise_exception=True)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A name, a channel and, for an email, the design that it starts from."""
    form = TemplateForm(request.POST or None, initial={"channel": request.GET.get("channel", Channel.EMAIL)})
    chosen = request.POST.get("starter", "newsletter")
    if request.method == "POST" and form.is_valid():
        words = _first_words(form.cleaned_data["channel"], chosen)
        template = publishing.create(
            form.cleaned_data["name"], form.cleaned_data["channel"], words, request.user, form.cleaned_data["folder"]
        )
        return redirect("template_page", template.pk)
    context = {"form": form, "starters": starters().values(), "chosen": chosen, "folders": folders()}
    return render(request, "templates_app/template_create.html", context)


@permission_required("templates_app.delete_template", raise_exception=True)
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    template = get_object_or_404(Template, pk=pk)
    if request.method == "GET":
        context = {"template": template, "uses": usage.uses_of_template(pk)}
        return render(request, "templates_app/template_delete.html", context)
    try:
        publishing.delete(template)
    except publishing.InUse as error:
        messages.error(request, str(error))
        return redirect("template_page", pk)
    messages.success(request, f"“{template}” is deleted.")
    return redirect("template_list")


def folders() -> list[str]:
    return list(Template.objects.exclude(folder="").order_by("folder").values_list("folder", flat=True).distinct())


def _first_words(channel: str, starter: str) -> dict[str, str]:
    if channel == Channel.SMS:
        return {"body": "Hello {{ contact.first_name }}, "}
    if starter == "html":
        return {"markup": TemplateVersion.Markup.HTML, "body": OWN_HTML}
    design = starters().get(starter) or next(iter(starters().values()))
    return {
        "markup": TemplateVersion.Markup.MJML,
        "subject": design.subject,
        "preheader": design.preheader,
        "body": design.body,
    }
