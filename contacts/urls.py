"""The URLs of contacts, their imports, tags and suppressed addresses."""

from django.urls import include, path

from contacts.views import contact, contacts, imports, suppressions, tags

urlpatterns = [
    path("contacts/", contacts.contact_list, name="contact_list"),
    path("contacts/new/", contact.contact_create, name="contact_create"),
    path("contacts/attribute-row/", contact.attribute_row, name="contact_attribute_row"),
    path("contacts/<int:pk>/", contact.contact_page, name="contact_page"),
    path("contacts/<int:pk>/edit/", contact.contact_edit, name="contact_edit"),
    path("contacts/<int:pk>/delete/", contact.contact_delete, name="contact_delete"),
    path("contacts/<int:pk>/consent/", contact.contact_consent, name="contact_consent"),
    path("contacts/<int:pk>/tags/", contact.contact_tags, name="contact_tags"),
    path("contacts/<int:pk>/timeline/", contact.contact_timeline, name="contact_timeline"),
    path("contacts/imports/", imports.import_list, name="import_list"),
    path("contacts/imports/new/", imports.import_create, name="import_create"),
    path("contacts/imports/<int:pk>/", imports.import_page, name="import_page"),
    path("contacts/imports/<int:pk>/progress/", imports.import_progress, name="import_progress"),
    path("contacts/imports/<int:pk>/refused.csv", imports.import_refused, name="import_refused"),
    path("contacts/imports/<int:pk>/cancel/", imports.import_cancel, name="import_cancel"),
    path("contacts/imports/<int:pk>/undo/", imports.import_undo, name="import_undo"),
    path("contacts/imports/<int:pk>/delete/", imports.import_delete, name="import_delete"),
    path("contacts/suppressed/", suppressions.suppression_list, name="suppression_list"),
    path("contacts/suppressed/<int:pk>/delete/", suppressions.suppression_delete, name="suppression_delete"),
    path("tags/", tags.tag_list, name="tag_list"),
    path("tags/<int:pk>/edit/", tags.tag_edit, name="tag_edit"),
    path("tags/<int:pk>/delete/", tags.tag_delete, name="tag_delete"),
    path("", include("contacts.segment_urls")),
]
