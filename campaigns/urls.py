"""Pages of providers, inbox, messages and reports; what contacts reach from their messages; where providers call us."""

from django.urls import path

from campaigns.views import inbox, messages, providers, public, reports, saved_reports, webhooks

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
    path("reports/", reports.show, name="report"),
    path("reports/export.csv", reports.export, name="report_export"),
    path("reports/links/", reports.links, name="report_links"),
    path("reports/domains/", reports.domains, name="report_domains"),
    path("reports/saved/", saved_reports.show_all, name="saved_report_list"),
    path("reports/saved/new/", saved_reports.create, name="saved_report_create"),
    path("reports/saved/<int:pk>/", saved_reports.edit, name="saved_report_edit"),
    path("reports/saved/<int:pk>/update/", saved_reports.update, name="saved_report_update"),
    path("reports/saved/<int:pk>/delete/", saved_reports.delete, name="saved_report_delete"),
    path("messages/", messages.show_all, name="message_list"),
    path("messages/<int:pk>/", messages.show, name="message_page"),
    path("messages/<int:pk>/html/", messages.html, name="message_html"),
    path("messages/<int:pk>/send-again/", messages.send_again, name="message_send_again"),
    path("c/<str:token>/<int:number>", public.click, name="click"),
    path("s/<str:token>", public.short_click, name="short_click"),
    path("o/<str:token>.gif", public.pixel, name="pixel"),
    path("u/<str:token>", public.unsubscribe, name="unsubscribe"),
    path("webhooks/twilio/<int:provider_id>/inbound", webhooks.inbound, name="twilio_inbound"),
    path("webhooks/twilio/<int:provider_id>/status", webhooks.status, name="twilio_status"),
]
