"""Files bring what people said about topics: guessed where sure, never widened but on a stated basis, and proven."""

import pytest
from django.urls import reverse

from config.models import User
from contacts import consent_history, topic_consent, topics
from contacts.consent import Proof
from contacts.imports import csv_mapping, importing, topic_cells, undoing, uploading
from contacts.models import Contact, Event, TopicConsent
from tests import make
from tests.contacts.test_importing import counts, imported, reasons

NOW = make.NOW
pytestmark = pytest.mark.django_db
BASIS = {"basis": "Fair in Lyon"}


@pytest.fixture
def news():
    make.topic("offers", "Best offers")
    return make.topic("news", "Product news")


def said() -> dict[str, str]:
    """What each contact said of each topic on each channel."""
    rows = TopicConsent.objects.values_list("contact__email", "topic__key", "channel", "state")
    return {f"{email.partition('@')[0].lower()} {key} {channel}": state for email, key, channel, state in rows}


@pytest.mark.parametrize(
    ("header", "cell", "target"),
    [
        ("Product news", "yes", "topic.news.email"),
        ("news", "0", "topic.news.email"),
        ("News SMS", "subscribed", "topic.news.sms"),
        ("sms_news", "x", "topic.news.sms"),
        ("topics.news.sms", "no", "topic.news.sms"),
        ("topic.news.email", "no", "topic.news.email"),
        ("best-offers opt-in", "yes", "topic.offers.email"),
        ("news", "The lift is out of order", "text:news"),
        ("news", "", "text:news"),
        ("newsletter", "yes", "consent.email"),
        ("email", "a@example.com", "email"),
    ],
)
def test_a_column_is_taken_for_a_topic_where_header_and_cells_say_so(news, header, cell, target):
    assert csv_mapping.guess([header], [[cell]], topics=topics.known()) == [target]


def test_an_archived_topic_is_neither_guessed_nor_offered(news):
    topics.archive(news, NOW)
    assert csv_mapping.guess(["news"], [["yes"]], topics=topics.known()) != ["topic.news.email"]
    assert [target for target, _ in topic_cells.offered(topics.known())] == ["topic.offers.email", "topic.offers.sms"]


def test_nobody_is_subscribed_to_a_topic_unless_the_basis_is_stated(news):
    content = "email,news,offers\na@example.com,yes,no\n" + "c@example.com,,\nd@example.com,?,yes\n" * 60
    content += "b@example.com,no,perhaps\n"
    file = imported(content)
    assert said() == {"a offers email": "unsubscribed"}
    assert reasons(file) == {
        123: "Column 3: “perhaps” is no answer about consent, such as yes, no, subscribed or unsubscribed."
    }
    file = imported(content, BASIS)
    assert counts(file) == (0, 2, 119, 1)
    assert said() == {
        "a news email": "subscribed", "a offers email": "unsubscribed", "d offers email": "subscribed",
    }  # fmt: skip
    assert counts(imported(content, BASIS)) == (0, 0, 121, 1)


@pytest.mark.parametrize("others", [0, 400])
def test_who_left_a_topic_or_has_not_confirmed_is_only_subscribed_again_where_told_so(news, others):
    """Newcomers by the hundred go in another way than the known ones."""
    people = {state: make.contact(f"{state}@example.com") for state in ("unsubscribed", "pending", "subscribed")}
    for state, person in people.items():
        topic_consent.say([person.pk], news, "email", state, "page", NOW)
    content = "email,news\n" + "".join(f"{state}@example.com,yes\n" for state in people)
    content += "".join(f"n{n}@example.com,{'yes' if n % 2 else 'no'}\n" for n in range(others))
    file = imported(content, BASIS)
    assert counts(file) == (others, 0, 3, 0)
    assert [said()[f"{state} news email"] for state in people] == [*people]
    assert len(said()) == 3 + others
    file = imported(content, BASIS | {"resubscribe": True})
    assert counts(file) == (0, 2, 1 + others, 0)
    assert {said()[f"{state} news email"] for state in people} == {"subscribed"}


def test_the_history_has_the_file_the_basis_and_who_vouched_for_it(news):
    mia = User.objects.create_user("mia", password="secret-of-mia")
    ada = make.contact("ada@example.com")
    topic_consent.say([ada.pk], news, "sms", "unsubscribed", "page", NOW, Proof("ada"))
    file = uploading.store("fair.csv", [b"email,news,sms news\nada@example.com,yes,yes\n"], mia)
    assert file.mapping == ["email", "topic.news.email", "topic.news.sms"]
    importing.confirm(file, file.mapping, BASIS | {"resubscribe": True})
    while importing.work(NOW):
        pass
    entries = consent_history.told(ada.pk, consent_history.NEWEST, 10)
    assert {(entry.topic, entry.channel, entry.was, entry.state) for entry in entries} == {
        ("news", "email", "unknown", "subscribed"),
        ("news", "sms", "unknown", "unsubscribed"),
        ("news", "sms", "unsubscribed", "subscribed"),
    }
    kept = TopicConsent.objects.get(channel="sms")
    assert (kept.source, kept.by) == ("import", "mia")
    assert kept.proof == {"import": file.pk, "file": "fair.csv", "basis": "Fair in Lyon"}
    event = Event.objects.filter(name="topic.subscribed", properties__channel="sms").get()
    assert event.properties == {"topic": "news", "channel": "sms", "source": "import", "import": file.pk}


def test_the_last_row_about_somebody_counts_and_odd_cells_are_read_like_others(news):
    file = imported(
        "email,phone,news\na@example.com,,yes\nA@example.com,,no\nb@example.com,'+33612345678,yes\nx,,yes\n", BASIS
    )
    assert said() == {"a news email": "unsubscribed", "b news email": "subscribed"}
    assert counts(file) == (2, 1, 0, 1)


def test_a_piece_of_topics_takes_one_more_statement(news, django_assert_max_num_queries):
    content = "email,news,offers,sms news\n" + "".join(f"c{n}@example.com,yes,no,yes\n" for n in range(500))
    file = uploading.store("x.csv", [content.encode()])
    importing.confirm(file, file.mapping, BASIS)
    with django_assert_max_num_queries(28):
        importing.work(NOW)
    assert len(said()) == 1500


def test_undoing_takes_topics_along_and_keeps_who_chose_since(news):
    file = imported("email,news\na@example.com,yes\nb@example.com,yes\n", BASIS)
    later = NOW.replace(year=NOW.year + 1)
    TopicConsent.objects.filter(contact__email="b@example.com").update(at=later)
    assert undoing.count(file) == (1, 1)
    assert undoing.begin(file)
    while undoing.work(later):
        pass
    assert said() == {"b news email": "subscribed"}


def test_an_operator_says_on_the_page_that_a_column_is_a_topic(client, news):
    client.force_login(User.objects.create_superuser("mia", password="secret-of-mia"))
    file = uploading.store("x.csv", [b"email,Wants\na@example.com,yes\n"])
    url = reverse("import_page", args=[file.pk])
    assert "Product news by SMS" in client.get(url).content.decode()
    given = {"column0": "email", "column1": "topic.gone.email"}
    assert "There is no topic “gone”" in client.post(url, given).content.decode()
    given["column1"] = "topic.news.sms"
    assert "Say on what basis" in client.post(url, given | {"subscribe": "on"}).content.decode()
    assert client.post(url, given).url == url
    importing.work(NOW)
    assert said() == {}
    assert "subscribed nobody" in client.get(url).content.decode()
    assert Contact.objects.get().email == "a@example.com"
