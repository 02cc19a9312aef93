"""A form field in which some of many segments or tags are picked, found by typing a part of their names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from contacts.models import Segment, Tag

SHOWN = 50  # choices at once; typing finds the others
MOST = 100


@dataclass(frozen=True)
class Choice:
    """One that can be picked: its value as a form has it, its name, and how many contacts it stands for, if known."""

    value: str
    label: str
    size: int | None = None
    picked: bool = False
    gone: bool = False


def _segments(found: Any) -> list[Choice]:
    return [Choice(str(segment.pk), segment.name, segment.size) for segment in found]


def _tags(found: Any) -> list[Choice]:
    return [Choice(tag.name, tag.name) for tag in found]


def find(of: str, words: str) -> list[Choice]:
    """The first SHOWN segments or tags whose name contains the words."""
    words = words.replace("\0", "")[:100]
    if of == "segments":
        return _segments(Segment.objects.filter(name__icontains=words)[:SHOWN])
    return _tags(Tag.objects.filter(name__icontains=words)[:SHOWN])


def _known(of: str, values: Sequence[str]) -> list[Choice]:
    if of == "segments":
        numbers = [int(value) for value in values if value.isdecimal() and len(value) < 19]
        return _segments(Segment.objects.filter(pk__in=numbers))
    return _tags(Tag.objects.filter(name__in=values))


class PickWidget(forms.Widget):
    use_fieldset = True

    def __init__(self, of: str) -> None:
        super().__init__()
        self.of = of

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.getlist(name) if hasattr(data, "getlist") else data.get(name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False  # none picked is an answer

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        picked = [str(one) for one in value or []]
        known = {choice.value: choice for choice in _known(self.of, picked)}
        first = [
            Choice(one, known[one].label, known[one].size, picked=True)
            if one in known
            else Choice(one, "One that was deleted" if self.of == "segments" else one, picked=True, gone=True)
            for one in picked
        ]
        offered = find(self.of, "")
        found = {
            "name": name,
            "id": (attrs or {}).get("id") or f"id_{name}",
            "of": self.of,
            "choices": [*first, *(choice for choice in offered if choice.value not in picked)],
            "searchable": len(offered) > 6,
        }
        return render_to_string("campaigns/_picker.html", found)


class PickField(forms.Field):
    """Cleans to ids of segments, or to names of tags. None picked is for the form to judge, though it be `required`."""

    def __init__(self, of: str, *, required: bool = False, **kwargs: Any) -> None:
        super().__init__(required=required, widget=PickWidget(of), **kwargs)
        self.of = of

    def clean(self, value: Any) -> list[int] | list[str]:
        picked = list(dict.fromkeys(str(one) for one in value or []))
        if len(picked) > MOST:
            raise ValidationError(f"Pick at most {MOST}.")
        if any("\0" in one for one in picked):
            raise ValidationError("One of these no longer exists. Take it away.")
        known = {choice.value for choice in _known(self.of, picked)}
        if known != set(picked):
            raise ValidationError("One of these no longer exists. Take it away.")
        return [int(one) for one in picked] if self.of == "segments" else picked
