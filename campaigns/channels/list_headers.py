"""Says to mailboxes which list a mail belongs to: List-Id (RFC 2919), and Feedback-ID for Gmail's complaint statistics.

Both are the same for every contact, so that they are made once per content. Neither holds anything of a contact's.
"""

import re
from email.header import Header
from hashlib import blake2b

from campaigns.models import Content

_LONGEST_LABEL = 40
_NO_LABEL = re.compile(r"[^a-z0-9]+")
_WORDS = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]+")


def of(content: Content, domain: str) -> dict[str, str]:
    """One list per topic, or one for everything without: mailboxes offer to leave or to sort by it. Complaints are
    told per content, topic and channel, and per sender, which Gmail wants to be 5 to 15 characters that stay."""
    topic = " ".join(content.topic.replace("\0", "").split())
    name = " ".join(content.topic_name.replace("\0", "").split()) or topic
    label = _label(topic)
    sender = blake2b(domain.encode(), digest_size=5, person=b"feedback").hexdigest()
    return {
        "List-Id": f"{_phrase(name)} <{label}.{domain}>" if topic else f"<messages.{domain}>",
        "Feedback-ID": f"c{content.pk or 0}:{label}:{content.channel}:{sender}",
    }


def _label(topic: str) -> str:
    """The topic as a part of a host name; what would be lost of its letters makes it differ by a hash."""
    if not topic:
        return "messages"
    text = _NO_LABEL.sub("-", topic.lower()).strip("-")
    if text != topic.lower().replace(" ", "-") or len(text) > _LONGEST_LABEL:
        mark = blake2b(topic.encode(), digest_size=3).hexdigest()
        text = f"{text[:_LONGEST_LABEL].strip('-')}-{mark}".strip("-")
    return text


def _phrase(topic: str) -> str:
    if _WORDS.fullmatch(topic):
        return f'"{topic}"'
    return Header(topic, "utf-8", maxlinelen=70).encode(linesep="").replace("\n", "")
