"""Scenarios that do nothing but send: one a mail to everybody, one a text on each call."""

from tests import make

MAIL = {"subject": "Hello", "body": '<p>Hi</p><a href="{{ unsubscribe_url }}">Leave</a>'}
LETTERS = make.graph(("n1", "now", {"segment": None}), ("n2", "email", MAIL), edges="n1>n2")
TEXTS = make.graph(("n1", "on_event", {"event": "api.call"}), ("n2", "sms", {"body": "Hi"}), edges="n1>n2")
