"""The form field in which a topic is chosen."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from contacts import topics


class TopicField(forms.ChoiceField):
    """The key of a topic, or "" where none needs to be chosen; one that does not exist is refused with a sentence."""

    def __init__(self, *, empty: str = "None", **kwargs: Any) -> None:
        kwargs = {"required": False, "label": "Topic", **kwargs}
        super().__init__(choices=lambda: [("", empty), *topics.choices()], **kwargs)

    def validate(self, value: str) -> None:
        forms.Field.validate(self, value)
        if sentence := topics.problem(value):
            raise ValidationError(sentence)
