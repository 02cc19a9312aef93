"""Action: sends an SMS, from a template or written in the dialog."""

from typing import Any

from django import forms

from contacts.models.consent import Channel
from flows.nodes import _send
from flows.nodes._form import Part
from templates_app.insertable import SmsText


class Sms(_send.Send):
    label = "SMS"
    hint = "Sends an SMS to the contact."
    order = 20
    icon = "message-square"
    channel = Channel.SMS
    written = ("body",)
    required = ("body",)

    class Form(_send.SendForm):
        parts = (
            Part(("name",)),
            Part(("template",), "From a template", "Choose a published template, or write the SMS below."),
            Part(("body",), "Written here", unless="template"),
            Part(("topic", "provider", "late_hours", "utm"), "Sending"),
        )
        template = _send.template_field(Channel.SMS)
        body = forms.CharField(
            required=False,
            max_length=1600,
            widget=SmsText(attrs={"rows": 4}),
            help_text="Up to 1,600 characters.",
        )
        provider = _send.provider_field(Channel.SMS)

        def clean(self) -> dict[str, Any]:
            return self.clean_message(Sms.written, Sms.required)


node = Sms()
