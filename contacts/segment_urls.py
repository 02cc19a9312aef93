"""The URLs of segments and of the rule builder."""

from django.urls import path

from contacts.views import rules, segments, why

urlpatterns = [
    path("segments/", segments.segment_list, name="segment_list"),
    path("segments/new/", segments.segment_create, name="segment_create"),
    path("segments/<int:pk>/", segments.segment_page, name="segment_page"),
    path("segments/<int:pk>/count/", segments.segment_count, name="segment_count"),
    path("segments/<int:pk>/edit/", segments.segment_edit, name="segment_edit"),
    path("segments/<int:pk>/delete/", segments.segment_delete, name="segment_delete"),
    path("segments/<int:pk>/why/", why.segment_why, name="segment_why"),
    path("segments/rules/why/", why.rule_why, name="rule_why"),
    path("contacts/<int:pk>/why/", why.contact_why, name="contact_why"),
    path("segments/rules/group/", rules.rule_group, name="rule_group"),
    path("segments/rules/row/", rules.rule_row, name="rule_row"),
    path("segments/rules/suggestions/", rules.rule_suggestions, name="rule_suggestions"),
    path("segments/rules/preview/", rules.rule_preview, name="rule_preview"),
]
