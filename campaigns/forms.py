"""Forms of the pages of messages and the inbox."""

from django import forms

from campaigns import skip_reasons
from campaigns.models import MessageState
from contacts.list_forms import ListForm
from contacts.models.consent import Channel


class InboxListForm(ListForm):
    channel = forms.ChoiceField(required=False, choices=[("", "All channels"), *Channel.choices])


class MessageListForm(InboxListForm):
    """`origin` and `contact` come with links from elsewhere."""

    state = forms.ChoiceField(required=False, choices=[("", "All states"), *MessageState.choices])
    reason = forms.ChoiceField(
        required=False,
        choices=[("", "Any reason"), *((reason, f"Skipped: {reason}") for reason in skip_reasons.ALL)],
    )
    origin = forms.CharField(required=False, widget=forms.HiddenInput)
    contact = forms.CharField(required=False, widget=forms.HiddenInput)
