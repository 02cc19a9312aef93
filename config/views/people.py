"""Who may sign in, and with which role; for administrators only."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from config.forms import PersonCreateForm, PersonForm
from config.models import User
from config.roles import Role, give, role_of


def _administrators_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    def checked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.is_superuser:
            raise PermissionDenied("Only administrators manage people.")
        return view(request, *args, **kwargs)

    return checked


@_administrators_only
def show_all(request: HttpRequest) -> HttpResponse:
    people = list(User.objects.prefetch_related("groups").order_by("username"))
    rows = [(person, role) for person in people for role in [role_of(person)]]
    return render(request, "config/user_list.html", {"rows": rows})


@sensitive_post_parameters()
@_administrators_only
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    form = PersonCreateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            person = form.save()
            give(person, form.cleaned_data["role"])
        messages.success(request, f"“{person.username}” can sign in now. Hand the password over yourself.")
        return redirect("user_list")
    return render(request, "config/user_form.html", {"form": form})


@_administrators_only
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    form = PersonForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        # Nobody can lock the last door behind themselves.
        loses = form.cleaned_data["role"] != Role.ADMINISTRATOR or not form.cleaned_data["is_active"]
        if person == request.user and loses:
            form.add_error(None, "You cannot take your own administrator role or sign-in away. Ask another one.")
        else:
            with transaction.atomic():
                give(form.save(), form.cleaned_data["role"])
            messages.success(request, f"“{person.username}” saved.")
            return redirect("user_list")
    return render(request, "config/user_form.html", {"form": form, "person": person})


@sensitive_post_parameters()
@_administrators_only
@require_http_methods(["GET", "POST"])
def set_password(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    form = SetPasswordForm(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, f"“{person.username}” has a new password and is signed out everywhere.")
        return redirect("user_edit", pk)
    return render(request, "config/password_form.html", {"form": form, "person": person})
