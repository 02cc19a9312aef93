"""What happens to a version between being written and being sent: asked for, taken back, published, sent back."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from templates_app import publishing
from templates_app.forms import ReviewForm
from templates_app.models import Template, TemplateVersion

may_change = permission_required("templates_app.change_template", raise_exception=True)
may_publish = permission_required("templates_app.publish_template", raise_exception=True)


@may_change
@require_POST
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    version = _open(pk)
    return _done(
        request,
        version,
        lambda: publishing.submit(version, request.user, timezone.now()),
        f"Version {version.number} is in review. Whoever may publish templates sees it in the list.",
    )


@may_change
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    version = _open(pk)
    return _done(request, version, lambda: publishing.withdraw(version), f"Version {version.number} is a draft again.")


@may_publish
@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    version = _open(pk)
    return _done(
        request,
        version,
        lambda: publishing.publish(version, request.user, timezone.now()),
        f"Version {version.number} is published and sent from now on.",
    )


@may_publish
@require_http_methods(["GET", "POST"])
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for the words that the writer reads."""
    version = _open(pk)
    form = ReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _done(
            request,
            version,
            lambda: publishing.reject(version, request.user, form.cleaned_data["review"], timezone.now()),
            f"Version {version.number} is rejected. The next draft starts from it.",
        )
    status = 422 if request.method == "POST" else 200
    return render(
        request, "templates_app/template_reject.html", {"template": version.template, "form": form}, status=status
    )


def _open(pk: int) -> TemplateVersion:
    versions = TemplateVersion.objects.select_related("template").filter(state__in=publishing.OPEN)
    return get_object_or_404(versions, template=pk)


def _done(request: HttpRequest, version: TemplateVersion, act: Callable[[], None], said: str) -> HttpResponse:
    try:
        act()
    except publishing.NotADraft as error:
        messages.error(request, str(error))
    except publishing.Unpublishable as error:
        messages.error(request, f"Something in it cannot be sent: {error}")
    else:
        messages.success(request, said)
    if getattr(request, "htmx", False):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("template_page", args=[version.template_id])})
    return redirect("template_page", version.template_id)


@permission_required("templates_app.add_template", raise_exception=True)
@require_POST
def clone(request: HttpRequest, pk: int) -> HttpResponse:
    copy = publishing.clone(get_object_or_404(Template, pk=pk), request.user)
    messages.success(request, f"“{copy}” is a draft of the same words.")
    return redirect("template_page", copy.pk)
