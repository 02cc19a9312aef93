"""Pages of templates."""

from django.urls import path

from templates_app.views import editor, lists, previews

urlpatterns = [
    path("templates/", lists.show_all, name="template_list"),
    path("templates/new/", lists.create, name="template_create"),
    path("templates/<int:pk>/", editor.show, name="template_page"),
    path("templates/<int:pk>/draft/", editor.new_draft, name="template_new_draft"),
    path("templates/<int:pk>/reject/", editor.reject, name="template_reject"),
    path("templates/<int:pk>/delete/", lists.delete, name="template_delete"),
    path("templates/<int:pk>/preview/", previews.refresh, name="template_preview"),
    path("templates/preview/<str:key>/", previews.frame, name="template_preview_frame"),
]
