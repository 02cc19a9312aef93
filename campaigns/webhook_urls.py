"""Where providers call us: looked through before the pages, for there may be a thousand calls a second."""

from django.urls import path

from campaigns.views import notices, webhooks

urlpatterns = [
    path("twilio/<int:provider_id>/inbound", webhooks.inbound, name="twilio_inbound"),
    path("twilio/<int:provider_id>/status", webhooks.status, name="twilio_status"),
    path("<slug:kind>/<int:provider_id>/", notices.hear, name="provider_notices"),
]
