"""The list of contacts."""

from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contacts import segments
from contacts.counting import total
from contacts.filters import consenting, tagged
from contacts.forms import ContactListForm
from contacts.models import Contact
from contacts.pagination import page
from contacts.search import search


@permission_required("contacts.view_contact", raise_exception=True)
@require_GET
def contact_list(request: HttpRequest) -> HttpResponse:
    form = ContactListForm(request.GET)
    contacts = _narrowed(form) if form.is_valid() else Contact.objects.none()
    rows = page(contacts.prefetch_related("contact_tags__tag", "consents"), request)
    return render(request, "contacts/contact_list.html", {"form": form, "page": rows, "total": total(contacts)})


def _narrowed(form: ContactListForm) -> QuerySet[Contact]:
    asked = form.cleaned_data
    contacts = Contact.objects.all()
    if asked["segment"]:
        contacts = segments.audience(asked["segment"].rule, timezone.now())
    if asked["q"]:
        contacts = search(contacts, asked["q"])
    if asked["tag"]:
        contacts = tagged(contacts, asked["tag"].name)
    if asked["consent"]:
        contacts = consenting(contacts, *asked["consent"].split(":"))
    return contacts
