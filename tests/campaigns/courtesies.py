"""Sets rules of courtesy, and counts what became of messages under them."""

from collections import Counter

from campaigns.courtesy import saving
from campaigns.models import Message


def rules(**given):
    return saving.keep(given)


def one_a_day(**given):
    return rules(caps={"email": {"day": 1}}, **given)


def reasons():
    return Counter(Message.objects.values_list("state", "reason"))
