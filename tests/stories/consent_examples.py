"""Topics and what contacts said about them, and the addresses of the pages that show it."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from campaigns import asking_consent, unsubscribing
from campaigns.models import Message
from campaigns.tracking import signatures
from contacts import consent, topic_consent, topics
from contacts.consent import NO_PROOF, Proof
from contacts.models import Contact, Topic
from tests import make
from tests.campaigns import letters

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"


def arranged() -> list[Topic]:
    news = make.topic("product-news", "Product news", description="What is new in the shop, once a month.", position=1)
    offers = make.topic("offers", "Offers and sales", description="A few times a year.", position=2, policy="opt_in")
    receipts = make.topic("receipts", "Receipts", public=False, position=3, double_opt_in=True)
    make.topic("christmas-2025", "Christmas 2025", position=4, archived_at=timezone.now())
    return [news, offers, receipts]


def pages(contact: Contact) -> dict[str, str]:
    """Everything that can be said, said by one contact."""
    news, offers, _receipts = arranged()
    now = timezone.now()
    proof = Proof("the contact", {"ip": "203.0.113.9", "agent": AGENT, "message": 4711})
    basis = {"import": 3, "file": "fair.csv", "basis": "Sign-up sheet at the fair in Lyon, March 2026"}
    consent.set_state([contact.pk], "email", "subscribed", "import", now - timedelta(days=90), Proof("mia", basis))
    for days, state in ((60, "unsubscribed"), (59, "subscribed"), (20, "unsubscribed"), (19, "subscribed")):
        topic_consent.say([contact.pk], news, "email", state, "preference page", now - timedelta(days=days), proof)
        consent.set_state([contact.pk], "email", state, "unsubscribe page", now - timedelta(days=days - 1), proof)
    topic_consent.say([contact.pk], offers, "email", "pending", "asked by email", now, Proof("mia"))
    consent.suppress("email", ["@competitor.example", "bounced@example.com"], "list, by mia", now)
    consent.suppress("sms", ["+33612345678"], "SMS reply", now)
    return {
        "topic_edit": reverse("topic_edit", args=[news.pk]),
        "topic_archive": reverse("topic_archive", args=[news.pk]),
        "contact_ask_consent": reverse("contact_ask_consent", args=[contact.pk]),
    }


def pages_for_contacts(contact_ids: list[int]) -> dict[str, tuple[str, int]]:
    """What the contacts see: the first is asked, the second has left a topic, the third comes with an old mail."""
    news, *_ = arranged()
    Contact.objects.filter(pk=contact_ids[1]).update(phone="+33612345678")
    mails = letters.queue(contact_ids, letters.content(topic=news.key), origin="scenario:9:n1", now=timezone.now())
    unsubscribing.leave_topic(mails[1], news, unsubscribing.PAGE, timezone.now())
    Message.objects.filter(pk=mails[2].pk).update(queued_at=timezone.now() - timedelta(days=900))
    asked = asking_consent.ask(
        contact_ids[0], [topic.key for topic in topics.known().values()][:2], timezone.now(), "", NO_PROOF
    )
    assert asked is not None
    email = Contact.objects.get(pk=contact_ids[0]).email or ""
    confirm = reverse("confirm_consent", args=[signatures.confirm_token(asked.pk, email)])
    tokens = [signatures.token(mail.pk) for mail in mails]
    return {
        "unsubscribe-topic": (reverse("unsubscribe", args=[tokens[0]]), 200),
        "unsubscribed-topic": (reverse("unsubscribe", args=[tokens[1]]), 200),
        "preferences": (reverse("preferences", args=[tokens[0]]), 200),
        "preferences-saved": (f"{reverse('preferences', args=[tokens[1]])}?saved", 200),
        "preferences-expired": (reverse("preferences", args=[tokens[2]]), 410),
        "confirm": (confirm, 200),
    }
