"""The page of the key with which an account's mails are signed."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import secrets, signing_keys
from campaigns.models import DkimKey, Provider
from campaigns.signing_keys import DkimForm

may_change = permission_required("campaigns.change_provider", raise_exception=True)


@require_http_methods(["GET", "POST"])
@may_change
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Shows the key's DNS record, and takes or makes a key."""
    provider = _provider(pk)
    key = DkimKey.objects.filter(provider=provider).first()
    initial = {"domain": key.domain, "selector": ""} if key else signing_keys.suggested(provider)
    form = DkimForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        signing_keys.keep(provider, form)
        messages.success(request, "The key is ready. Publish its record, then switch signing on.")
        return redirect("provider_dkim", pk=pk)
    context = {"provider": provider, "key": key, "form": form}
    if key:
        try:
            context["name"], context["value"] = signing_keys.record(key)
        except secrets.Unreadable as error:
            context["problem"] = str(error)
    return render(request, "campaigns/provider_dkim.html", context)


@require_POST
@may_change
def change(request: HttpRequest, pk: int, do: str) -> HttpResponse:
    provider = _provider(pk)
    if do == "on" and signing_keys.switch(provider, True):
        messages.success(request, f"Mails through “{provider}” are signed from now on.")
    elif do == "off" and signing_keys.switch(provider, False):
        messages.success(request, f"Mails through “{provider}” are not signed any more.")
    elif do == "forget":
        signing_keys.forget(provider)
        messages.success(request, "The key is deleted. Take its record out of the DNS in some days.")
    return redirect("provider_dkim", pk=pk)


def _provider(pk: int) -> Provider:
    provider = get_object_or_404(Provider, pk=pk)
    if provider.kind != "smtp":
        raise Http404("Only mail servers leave the signing to us.")
    return provider
