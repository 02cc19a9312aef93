"""Tags are set and taken off in bulk, and only real changes are told."""

import pytest
from django.core.exceptions import ValidationError

from contacts import tagging
from contacts.models import ContactTag, Event, Tag
from tests import make

NOW = make.NOW
pytestmark = pytest.mark.django_db


def told(name: str) -> int:
    return Event.objects.filter(name=name).count()


def test_only_new_marks_are_told(django_assert_max_num_queries):
    ids = make.contacts(500)
    assert tagging.add(ids[:100], ["vip"], NOW) == 100
    with django_assert_max_num_queries(4):
        assert tagging.add(ids, ["VIP", "vip", "new"], NOW, "scenario") == 500  # contacts, of whom 400 have got both
    assert told("tag.added") == 1000
    assert set(Tag.objects.values_list("name", flat=True)) == {"vip", "new"}
    assert Event.objects.filter(name="tag.added").last().properties["source"] == "scenario"


def test_only_marks_that_were_there_are_taken_off():
    ids = make.contacts(10)
    tagging.add(ids[:4], ["vip"], NOW)
    assert tagging.remove(ids, ["Vip", "unheard of"], NOW) == 4
    assert tagging.remove(ids, ["vip"], NOW) == 0
    assert told("tag.removed") == 4
    assert not ContactTag.objects.exists()
    assert not Tag.objects.filter(name="unheard of").exists()


def test_letters_that_python_writes_small_in_another_way_than_postgresql():
    ids = make.contacts(1)
    assert tagging.add(ids, ["İstanbul", "ΑΣ", "ẞ"], NOW) == 1
    assert ContactTag.objects.count() == 3
    assert tagging.add(ids, ["İstanbul", "ΑΣ", "ẞ"], NOW) == 0


def test_contacts_who_are_gone_are_passed_over():
    assert tagging.add([10**9], ["vip"], NOW) == 0


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\0b", "a\nb\x07", 7])
def test_a_name_that_cannot_be_a_tag_is_refused(name):
    with pytest.raises(ValidationError):
        tagging.add(make.contacts(1), [name], NOW)
