"""Forms of the pages of messages and the inbox."""

from django import forms

from campaigns.models import MessageState
from contacts.list_forms import ListForm
from contacts.models.consent import Channel


class InboxListForm(ListForm):
    channel = forms.ChoiceField(required=False, choices=[("", "All channels"), *Channel.choices])


class MessageListForm(InboxListForm):
    """`origin` and `contact` come with links from elsewhere."""

    state = forms.ChoiceField(required=False, choices=[("", "All states"), *MessageState.choices])
    origin = forms.CharField(required=False, widget=forms.HiddenInput)
    contact = forms.CharField(required=False, widget=forms.HiddenInput)
