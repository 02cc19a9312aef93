"""Where people may be named here in what operators wrote; see `contacts.people.mentioning`."""

from django.urls import reverse

from contacts.people.mentioning import Place

# What somebody keeps for oneself is not called by its name to others.
_PRIVATE = "CASE WHEN t.shared THEN t.name ELSE 'a private one' END"

PLACES = (
    Place(
        "contacts_segment",
        ["name", "description"],
        ["rule"],
        "Segment",
        lambda pk: reverse("segment_page", args=[pk]),
        unique=["name"],
    ),
    Place(
        "contacts_savedview",
        ["name"],
        ["filters"],
        "View",
        lambda pk: f"{reverse('contact_list')}?view={pk}",
        name=_PRIVATE,
        unique=["name"],
    ),
    Place("contacts_tag", ["name"], (), "Tag", lambda pk: reverse("tag_edit", args=[pk]), unique=["name"]),
    Place("contacts_topic", ["name", "description"], (), "Topic", lambda pk: reverse("topic_edit", args=[pk])),
    Place(
        "contacts_attribute",
        ["label", "description"],
        (),
        "Attribute",
        lambda pk: reverse("attribute_edit", args=[pk]),
        name="t.label",
    ),
    Place("contacts_bulkedit", ["source", "error"], ["values", "selection"]),
    Place("contacts_placement", ["name", "error"], ["rule", "unknown_rows"]),
    # Where a file has no headers, its first row stands there.
    Place("contacts_csvimport", ["name", "error"], ["headers", "options"]),
    Place("contacts_suppression", ["reason"]),
    Place("contacts_erasure", (), ["replaced"]),
    Place("django_admin_log", ["object_repr", "change_message"]),
)
