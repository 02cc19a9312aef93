"""Pages of providers, inbox and messages."""

from django.urls import path

from campaigns.views import inbox, providers

urlpatterns = [
    path("providers/", providers.show_all, name="provider_list"),
    path("providers/new/", providers.create, name="provider_create"),
    path("providers/<int:pk>/", providers.edit, name="provider_edit"),
    path("providers/<int:pk>/default/", providers.make_default, name="provider_make_default"),
    path("providers/<int:pk>/enable/", providers.enable, name="provider_enable"),
    path("providers/<int:pk>/disable/", providers.disable, name="provider_disable"),
    path("providers/<int:pk>/delete/", providers.delete, name="provider_delete"),
    path("providers/<int:pk>/test/", providers.test, name="provider_test"),
    path("inbox/", inbox.show_all, name="inbox"),
    path("inbox/<int:pk>/", inbox.show, name="inbox_message"),
    path("inbox/<int:pk>/html/", inbox.html, name="inbox_message_html"),
]
