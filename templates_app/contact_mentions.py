"""Where people may be named here in what operators wrote: names and all wordings; see `contacts.people.mentioning`."""

from django.urls import reverse

from contacts.people.mentioning import Place


def _page(pk: int) -> str:
    return reverse("template_page", args=[pk])


PLACES = (
    Place("templates_app_template", ["name", "folder"], (), "Template", _page, unique=["name"]),
    Place(
        "templates_app_templateversion",
        ["subject", "preheader", "body", "review"],
        ["design"],
        "Template",
        _page,
        owner="t.template_id",
        name="(SELECT o.name FROM templates_app_template o WHERE o.id = t.template_id)",
    ),
    Place("templates_app_image", ["name"]),
)
