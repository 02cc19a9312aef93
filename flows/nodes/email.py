"""Action: sends an email, from a template or written in the dialog."""

from typing import Any

from django import forms

from contacts.models.consent import Channel
from flows.nodes import _send
from flows.nodes._form import Part
from templates_app.design_field import DesignField
from templates_app.insertable import InsertableLine, InsertableText


class Email(_send.Send):
    label = "Email"
    hint = "Sends an email to the contact."
    order = 10
    icon = "mail"
    channel = Channel.EMAIL
    written = ("subject", "body", "preheader", "design")
    required = ("subject", "body")

    class Form(_send.SendForm):
        parts = (
            Part(("name",)),
            Part(("template",), "From a template", "Choose a published template, or write the email below."),
            Part(("subject", "preheader", "design", "markup", "body"), "Written here", unless="template"),
            Part(("topic", "provider", "late_hours", "utm"), "Sending"),
        )
        template = _send.template_field(Channel.EMAIL)
        subject = forms.CharField(required=False, max_length=500, widget=InsertableLine)
        preheader = forms.CharField(
            required=False,
            max_length=500,
            widget=InsertableLine,
            help_text="The line that mailboxes show behind the subject.",
        )
        design = DesignField()
        markup = forms.ChoiceField(required=False, choices=[("html", "HTML"), ("mjml", "MJML")], label="Written in")
        body = forms.CharField(
            required=False,
            max_length=_send.MAX_BODY,
            strip=False,
            widget=InsertableText(attrs={"class": "code", "rows": 12, "spellcheck": "false"}),
        )
        provider = _send.provider_field(Channel.EMAIL)

        def clean(self) -> dict[str, Any]:
            return self.clean_message(Email.written, Email.required)


node = Email()
