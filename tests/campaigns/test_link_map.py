"""The clicks on a message's links, drawn over the rendered mail."""

import re

import pytest

from campaigns.delivery import sending
from campaigns.models import Message
from campaigns.tracking import signatures, visits
from tests import make
from tests.campaigns import letters
from tests.make import NOW

pytestmark = pytest.mark.django_db

BODY = (
    '<html><head><title>x</title></head><body><a href="https://shop.example/a" title="> more">A</a>'
    '<!--[if mso]><v:rect href="https://shop.example/vml"></v:rect><![endif]-->'
    "<a href='https://shop.example/{{ contact.external_id }}'><img src=\"x.png\"></a>"
    '<a href="mailto:x@shop.example">M</a><a href="{{ unsubscribe_url }}">U</a><script>alert(1)</script></body></html>'
)


@pytest.fixture
def clicked():
    people = make.contacts(4)
    content = letters.content(body=BODY, subject="Spring <sale>")
    sent = letters.queue(people, content)
    sending.work(NOW)
    for message in Message.objects.select_related("origin").filter(pk__in=[one.pk for one in sent[:3]]):
        visits.clicked(message, 0, "https://shop.example/a", NOW)
    visits.clicked(Message.objects.select_related("origin").get(pk=sent[0].pk), 2, "https://shop.example/x", NOW)
    return content


def test_each_link_has_a_badge_with_its_share_and_number(clicked, marketer):
    response = marketer.get(f"/reports/links/{clicked.pk}/html/")
    document = response.text
    assert [re.sub("<.*?>", "", badge) for badge in re.findall(r"<span.*?</span>", document)] == [
        "1 · 75 % · 3", "3 · 25 % · 1",
    ]  # fmt: skip
    # Links lead nowhere, nothing runs, and nothing is counted by looking.
    assert "/c/" not in document
    assert "\0" not in document
    assert document.count('href="#"') + document.count("href='#'") == 3
    policy = response["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy


def test_the_page_lists_all_links_with_their_numbers(clicked, marketer):
    page = marketer.get(f"/reports/links/{clicked.pk}/?origin=scenario:1:n2").text
    assert "Spring &lt;sale&gt;" in page
    assert "4 sent, 4 clicks" in page
    assert page.count("https://shop.example/") == 3
    assert f"/reports/links/{clicked.pk}/html/?origin=scenario%3A1%3An2" in page
    assert marketer.get(f"/reports/links/{clicked.pk}/?origin=scenario:9:n9").status_code == 404
    assert marketer.get("/reports/links/999999/").status_code == 404


def test_only_who_may_read_messages_sees_it(clicked, client, keeper):
    assert client.get(f"/reports/links/{clicked.pk}/").status_code == 302
    assert keeper.get(f"/reports/links/{clicked.pk}/").status_code == 403
    assert keeper.get(f"/reports/links/{clicked.pk}/html/").status_code == 403


def test_a_text_message_has_a_map_too(marketer):
    content = letters.content("sms", body="<b> see https://shop.example/sale. Bye")
    document = marketer.get(f"/reports/links/{content.pk}/html/").text
    assert "&lt;b&gt; see <u>https://shop.example/sale</u><span" in document


def test_the_message_page_shows_visits_with_why_they_do_not_count(clicked, marketer, client):
    message = Message.objects.order_by("-pk").first()
    token = signatures.token(message.pk)
    client.get(f"/c/{token}/0", headers={"User-Agent": "Mimecast <b>"})
    client.get(f"/o/{token}.gif", headers={"User-Agent": "Mozilla/5.0"})
    page = marketer.get(f"/messages/{message.pk}/").text
    assert "a security scanner" in page
    assert "loaded by a mail service before anybody looked" in page
    assert "Mimecast &lt;b&gt;" in page
    assert "2 of them are not counted" in page
