"""What machines do with messages is kept and told apart; only what people do counts."""

from datetime import timedelta

import pytest

from campaigns import converting, stats
from campaigns.delivery import sending
from campaigns.models import Conversion, Hit, LinkClick, Message
from campaigns.models.objective import Objective
from campaigns.tracking import hits, machines, signatures
from campaigns.tracking.machines import Seen
from contacts.models import Event, Installation
from contacts.segments.matching import count as matching_count
from tests import make, recount
from tests.campaigns import letters
from tests.make import NOW

pytestmark = pytest.mark.django_db

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
GOOGLE = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GMAIL_AHEAD = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
    "Safari/537.36 Edge/12.246 Mozilla/5.0"
)
LATER = NOW + timedelta(hours=1)
PEOPLE = [
    CHROME,
    IPHONE,
    GOOGLE,
    "",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",  # Apple Mail
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; Microsoft Outlook 16.0.5134; ms-office)",
    "Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Thunderbird/102.11.0",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36 [FB_IAB/FB4A]",
]
MACHINES = {
    "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))": "scanner",
    "BarracudaCentral/1.0": "scanner",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) Mimecast-URL-Protect": "scanner",
    "Proofpoint URL Defense": "scanner",
    "Mozilla/5.0 SafeLinks": "scanner",
    "Mozilla/5.0 (compatible; Symantec Email Security.cloud)": "scanner",
    "Trend Micro WTP": "scanner",
    "facebookexternalhit/1.1": "preview",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)": "preview",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/120.0 Safari/537.36": "program",
    "curl/8.5.0": "program",
    "python-requests/2.32": "program",
    "Go-http-client/2.0": "program",
    "Java/17.0.1": "program",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)": "program",
    "Mozilla/5.0": "program",
}


@pytest.mark.parametrize("agent", PEOPLE)
def test_people_are_not_taken_for_machines(agent):
    assert machines.why(Seen(agent), NOW, LATER) == machines.why(Seen(agent), NOW, LATER, opens=True) == ""


@pytest.mark.parametrize(("agent", "why"), MACHINES.items())
def test_machines_that_say_what_they_are_are_known(agent, why):
    assert machines.why(Seen(agent), NOW, LATER) == why


def test_pictures_loaded_before_anybody_looks_are_no_opens():
    for agent in ("Mozilla/5.0", GMAIL_AHEAD):
        assert machines.why(Seen(agent), NOW, LATER, opens=True) == "privacy"


def test_the_shape_of_a_request_gives_machines_away():
    assert machines.why(Seen(CHROME, head=True), NOW, LATER) == "head"
    assert machines.why(Seen(CHROME, purpose="prefetch;prerender"), NOW, LATER) == "prefetch"
    assert machines.why(Seen(CHROME, purpose="preview"), NOW, LATER) == "prefetch"
    assert machines.why(Seen(CHROME), NOW, NOW + timedelta(seconds=1.9)) == "too_soon"
    assert machines.why(Seen(CHROME), NOW, NOW + timedelta(seconds=2)) == ""
    assert machines.why(Seen(CHROME), None, NOW) == ""


FIVE = "".join(f'<a href="https://shop.example/{n}">{n}</a> ' for n in range(5))


@pytest.fixture
def sent():
    """A mail with five links that Ada got an hour ago."""
    ada = make.contact("ada@example.com", first_name="Ada")
    (message,) = letters.queue([ada.pk], letters.content(body=FIVE))
    sending.work(NOW)
    return Message.objects.select_related("origin").get(pk=message.pk)


def click(message, number, after=0.0, agent=CHROME, **seen):
    now = LATER + timedelta(seconds=after)
    hits.clicked(message, number, f"https://shop.example/{number}", Seen(agent, **seen), now)


def open_(message, after=0.0, agent=CHROME, **seen):
    hits.opened(message, Seen(agent, **seen), LATER + timedelta(seconds=after))


def counts(message):
    return stats.counts([message.origin.key])[message.origin.key]


def names():
    return sorted(Event.objects.filter(name__regex="clicked|opened").values_list("name", flat=True))


def exact():
    """Every count is the one that the ledger and the timeline give; beside them stands what machines did."""
    unlike = recount.of_tables()
    unlike = {of: [key for key in found if not str(key[1]).startswith("machine_")] for of, found in unlike.items()}
    assert not any(unlike.values()), unlike


def test_what_machines_do_is_kept_and_counts_nowhere(sent):
    open_(sent, agent="Mozilla/5.0")
    click(sent, 0, agent="curl/8.5.0")
    click(sent, 0, agent="curl/8.5.0")
    click(sent, 1, head=True)
    sent.refresh_from_db()
    assert (sent.opened_at, sent.clicked_at) == (None, None)
    assert list(Hit.objects.order_by("pk").values_list("number", "machine", "counted")) == [
        (None, "privacy", False), (0, "program", False), (0, "program", False), (1, "head", False),
    ]  # fmt: skip
    assert {name: n for name, n in counts(sent).items() if n and "ed" in name[-2:] and name != "queued"} == {
        "machine_opened": 1, "machine_clicked": 1,
    }  # fmt: skip
    assert names() == ["email.machine_clicked", "email.machine_clicked", "email.machine_opened"]
    assert not LinkClick.objects.exists()
    for rule in ({"rule": "message", "did": "opened"}, {"rule": "event", "name": "email.clicked", "did": True}):
        assert matching_count(rule, LATER) == 0
    exact()


def test_a_person_who_comes_after_a_machine_counts(sent):
    open_(sent, agent="Mozilla/5.0")
    click(sent, 0, agent="BarracudaCentral/1.0")
    click(sent, 0, after=60, agent=IPHONE)
    sent.refresh_from_db()
    assert sent.clicked_at == sent.opened_at == LATER + timedelta(minutes=1)
    assert sent.clicked_on == "mobile"
    assert (counts(sent)["opened"], counts(sent)["clicked"]) == (1, 1)
    exact()


def test_impossible_speed_makes_the_clicks_before_it_machine_made_too(sent):
    open_(sent, agent=CHROME)
    for number in range(4):
        click(sent, number, after=0.1 * number)
    sent.refresh_from_db()
    assert (sent.opened_at, sent.clicked_at) == (None, None)
    assert set(Hit.objects.values_list("machine", "counted")) == {("burst", False)}
    assert not {"email.clicked", "email.opened"} & set(names())
    assert names().count("email.machine_clicked") == 4
    assert not LinkClick.objects.exists()
    assert counts(sent).get("clicked", 0) == counts(sent).get("opened", 0) == 0
    assert counts(sent)["machine_clicked"] == 1
    exact()


def test_what_a_person_did_before_a_burst_stays(sent):
    open_(sent, after=-100, agent=IPHONE)
    click(sent, 0, after=-50, agent=IPHONE)
    for number in range(5):
        click(sent, number, after=0.1 * number)
    sent.refresh_from_db()
    assert sent.opened_at == LATER - timedelta(seconds=100)
    assert sent.clicked_at == LATER - timedelta(seconds=50)
    assert list(LinkClick.objects.values_list("number", flat=True)) == [0]
    assert (counts(sent)["opened"], counts(sent)["clicked"]) == (1, 1)
    assert names().count("email.clicked") == 1
    exact()


def test_a_person_who_opens_it_in_the_midst_of_a_burst_has_opened_it(sent):
    click(sent, 0)
    open_(sent, after=0.1, agent=GOOGLE)
    click(sent, 1, after=0.2)
    click(sent, 2, after=0.3)
    sent.refresh_from_db()
    assert (sent.opened_at, sent.opened_on) == (LATER + timedelta(seconds=0.1), "proxy")
    assert sent.clicked_at is None
    assert counts(sent)["opened"] == 1
    exact()


def test_two_links_or_three_in_their_time_are_a_persons(sent):
    click(sent, 0)
    click(sent, 1, after=0.5)
    click(sent, 1, after=0.7)
    click(sent, 2, after=2.6)
    assert Hit.objects.exclude(machine="").count() == 0
    assert LinkClick.objects.count() == 3
    exact()


def test_the_first_click_of_a_contact_moves_on_to_their_other_message(sent):
    (other,) = letters.queue([sent.contact_id], letters.content(body=FIVE), visit=2)
    sending.work(NOW)
    other = Message.objects.select_related("origin").get(pk=other.pk)
    click(sent, 0)
    click(other, 0, after=0.1)
    assert list(LinkClick.objects.order_by("pk").values_list("first", flat=True)) == [True, False]
    click(sent, 1, after=0.2)
    click(sent, 2, after=0.3)
    assert LinkClick.objects.get().first
    exact()


def test_conversions_by_machines_are_taken_back(sent):
    objective = Objective.objects.create(owner="scenario:1", kind="clicked")
    converting.convert(LATER)
    click(sent, 0)
    converting.convert(LATER)
    counted = Conversion.objects.filter(objective=objective).count()
    click(sent, 1, after=0.1)
    click(sent, 2, after=0.2)
    assert not Conversion.objects.exists()
    converting.convert(LATER)
    assert not Conversion.objects.exists()
    assert counted in (0, 1)
    exact()


def test_the_installation_may_count_machines(sent):
    Installation.objects.update_or_create(pk=1, defaults={"count_machine_opens": True, "count_machine_clicks": True})
    open_(sent, agent="Mozilla/5.0")
    for number in range(4):
        click(sent, number, after=0.1 * number)
    sent.refresh_from_db()
    assert (sent.opened_at, sent.clicked_at) == (LATER, LATER)
    assert LinkClick.objects.count() == 4
    assert names().count("email.clicked") == 4
    assert Event.objects.get(name="email.opened").properties["why"] == machines.WHY["privacy"]
    assert counts(sent)["machine_opened"] == counts(sent)["opened"] == 1
    exact()


def test_no_more_than_so_many_visits_of_a_message_are_kept(sent, monkeypatch):
    monkeypatch.setattr(hits, "MOST", 3)
    for n in range(6):
        click(sent, 0, after=10 * n)
    assert Hit.objects.count() == 3
    assert counts(sent)["clicked"] == 1


def test_requests_tell_machines_from_people(sent, client):
    path = f"/c/{signatures.token(sent.pk)}/3"
    assert client.head(path, headers={"User-Agent": CHROME})["Location"] == "https://shop.example/3"
    assert client.get(path, headers={"User-Agent": "Mimecast"})["Location"] == "https://shop.example/3"
    assert client.get(path, headers={"User-Agent": CHROME, "Sec-Purpose": "prefetch"}).status_code == 302
    assert client.get(path, headers={"User-Agent": IPHONE}).status_code == 302
    assert list(Hit.objects.order_by("pk").values_list("machine", "device", "counted")) == [
        ("head", "desktop", False), ("scanner", "", False), ("prefetch", "desktop", False), ("", "mobile", True),
    ]  # fmt: skip
    assert counts(sent)["clicked"] == 1
    exact()


TAILS = [".", ",", ")", "=", "%3D", "/", ">", "%22", "?utm=1", "?data=05%7C02&reserved=0", "%20"]


@pytest.mark.parametrize("tail", TAILS)
def test_links_survive_what_mail_programs_put_behind_them(sent, client, tail):
    token = signatures.token(sent.pk)
    assert client.get(f"/c/{token}/2{tail}")["Location"] == "https://shop.example/2"
    assert client.get(f"/s/{signatures.short_token(sent.pk, 2)}{tail}")["Location"] == "https://shop.example/2"
    assert client.get(f"/u/{token}{tail}").status_code == 200
    assert Event.objects.filter(name="email.unsubscribed").count() == 0


def test_a_personal_link_survives_escapes_that_were_not_undone(client):
    ada = make.contact("ada@example.com", external_id="a&1")
    (message,) = letters.queue([ada.pk], letters.content())
    sending.work(NOW)
    token, url = signatures.token(message.pk), "https://shop.example/for/a&1"
    signature = signatures.url_signature(message.pk, 1, url)
    quoted = "https%3A%2F%2Fshop.example%2Ffor%2Fa%261"
    for query in (f"s={signature}&u={quoted}", f"s={signature}&amp;u={quoted}", f"s=3D{signature}&u=3D{quoted}",
                  f"u={quoted}&s={signature}.", f"s={signature}&u={quoted}&fbclid=1"):  # fmt: skip
        assert client.get(f"/c/{token}/1?{query}")["Location"] == url
    assert client.get(f"/c/{token}/1?s={signature}&u=3D{quoted}").status_code == 404
