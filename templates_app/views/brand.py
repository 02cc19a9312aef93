"""How mails look unless they say otherwise."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from templates_app import picturing, rebranding
from templates_app.forms import BrandForm
from templates_app.models import Brand


@permission_required("templates_app.view_template", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    may_change = request.user.has_perm("templates_app.change_brand")
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    form = BrandForm(request.POST or None, request.FILES or None, instance=Brand.current())
    if not may_change:
        for field in form.fields.values():
            field.disabled = True
    if request.method == "POST" and form.is_valid():
        picture = form.cleaned_data["picture"]
        try:
            if picture:
                form.instance.logo = picturing.address(
                    picturing.keep(picture.name, picture.read(picturing.LARGEST + 1), request.user, timezone.now())
                )
        except picturing.Refused as error:
            form.add_error("picture", str(error))
        else:
            form.save()
            messages.success(request, "The brand is saved. Mails that are published already stay as they are.")
            return redirect("brand")
    context = {"form": form, "may_change": may_change, "stale": rebranding.stale()}
    return render(request, "templates_app/brand.html", context)


@require_POST
@permission_required("templates_app.publish_template", raise_exception=True)
def refresh(request: HttpRequest) -> HttpResponse:
    """Publishes the mails made of blocks anew, in the brand of now."""
    done = rebranding.refresh(request.user, timezone.now())
    said = f"{len(done)} template{'s are' if len(done) != 1 else ' is'} published in the brand of now."
    messages.success(request, said)
    return redirect("brand")
