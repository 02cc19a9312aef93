"""The URLs of segments and of the rule builder."""

from django.urls import path

from contacts.views import contact_segments, lists, rules, segment_history, segments

urlpatterns = [
    path("segments/", segments.segment_list, name="segment_list"),
    path("segments/new/", segments.segment_create, name="segment_create"),
    path("segments/<int:pk>/", segments.segment_page, name="segment_page"),
    path("segments/<int:pk>/count/", segments.segment_count, name="segment_count"),
    path("segments/<int:pk>/edit/", segments.segment_edit, name="segment_edit"),
    path("segments/<int:pk>/delete/", segments.segment_delete, name="segment_delete"),
    path("segments/<int:pk>/copy/", lists.segment_copy, name="segment_copy"),
    path("segments/<int:pk>/sizes/", segment_history.segment_sizes, name="segment_sizes"),
    path("segments/<int:pk>/changes/", segment_history.segment_changes, name="segment_changes"),
    path("segments/overlap/", segment_history.segment_overlap, name="segment_overlap"),
    path("segments/new/list/", lists.list_create, name="list_create"),
    path("segments/<int:pk>/members/", lists.list_members, name="list_members"),
    path("segments/<int:pk>/members/find/", lists.list_suggestions, name="list_suggestions"),
    path("segments/<int:pk>/members/change/", lists.list_change, name="list_change"),
    path("segments/<int:pk>/members/upload/", lists.list_upload, name="list_upload"),
    path("segments/<int:pk>/members/<int:lot>/", lists.list_progress, name="list_progress"),
    path("segments/<int:pk>/members/<int:lot>/stop/", lists.list_stop, name="list_stop"),
    path("contacts/<int:pk>/segments/", contact_segments.contact_segments, name="contact_segments"),
    path("segments/rules/row/", rules.rule_row, name="rule_row"),
    path("segments/rules/suggestions/", rules.rule_suggestions, name="rule_suggestions"),
    path("segments/rules/preview/", rules.rule_preview, name="rule_preview"),
]
