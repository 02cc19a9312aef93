"""Who is erased is nobody any more: nowhere in the database is who they were, and every count is what it was."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from django_q.models import Task

from campaigns import unsubscribing
from campaigns.models import (
    AudienceFile,
    Hit,
    Message,
)
from campaigns.tracking import hits, visits
from campaigns.tracking.machines import Seen
from config.models import User
from contacts import saving, segments, ties
from contacts.models import (
    Consent,
    Contact,
    CsvChunk,
    CsvImport,
    CsvRefusal,
    Erasure,
    Event,
    Pair,
    SavedView,
    Segment,
)
from contacts.people import barring, erasing, forgetting, joining, lingering
from contacts.search import search
from flows import starting
from flows.models import Execution, Step
from templates_app.models import Template
from tests import make, recount
from tests.campaigns import letters, traffic
from tests.contacts import traces
from tests.contacts.traces import EMAIL, NAME, NOW, NUMBER, PHONE, places_of
from tests.flows.drive import until_still

LATER = NOW + timedelta(hours=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Contact:
    fields = {"email": EMAIL, "phone": PHONE, "first_name": "Ada", "last_name": NAME, "external_id": NUMBER}
    consent = {"email": "subscribed", "sms": "unsubscribed"}
    return saving.create({**fields, "attributes": {"wrote": f"I am {NAME}"}, "tags": ["vip"], "consent": consent}, NOW)


@pytest.fixture
def everywhere(ada) -> Contact:
    """Somebody who has left traces wherever somebody can."""
    traces.leave(ada)
    return ada


def test_nothing_in_the_whole_database_says_who_they_were(everywhere):
    words = (EMAIL, "+33612345678", "06 12 34 56 78", NAME, NUMBER, "lovelace+shop")
    assert len(places_of(*words)) > 50
    assert erasing.erase([everywhere.pk], NOW, "by mia") == 1
    assert places_of(*words) == []
    assert EMAIL not in Task.objects.get().result  # which the database keeps unreadable
    row = Contact.with_erased.get(pk=everywhere.pk)
    assert (row.email, row.attributes, row.erased_at) == (None, {}, NOW)
    assert AudienceFile.objects.get().unknown_rows[1] == {"line": 3, "text": "bob"}
    assert Erasure.objects.get().source == "by mia"


def test_what_named_them_is_told_with_the_erasure_and_matches_nobody(everywhere, api):
    told = {(row["what"], row["name"]) for row in api.get(f"/api/v1/contacts/{everywhere.pk}/mentions/").json()}
    assert {what for what, _ in told} == {
        "Segment", "View", "Tag", "Scenario", "Campaign", "Template", "Saved report",
    }  # fmt: skip
    assert ("View", "a private one") in told
    erasing.erase([everywhere.pk], NOW, "by mia")
    assert {row["what"] for row in Erasure.objects.get().replaced} == {what for what, _ in told}
    segment = Segment.objects.get(name__startswith="For ")
    assert segment.rule["any"][0]["value"] == ["x@example.com", "(erased)"]
    assert segment.rule["any"][1]["not"]["value"] == "(erased)"
    assert segments.sentence(segment.rule)
    assert SavedView.objects.get(name="Her").filters == {"q": "(erased)"}
    assert Template.objects.get().versions.get(number=1).body == '<a href="mailto:(erased)?subject=x">(erased)</a>'


def test_whoever_is_only_called_alike_stays(ada):
    """Another address that ends in hers, a namesake's row, a number that is a common word somewhere else."""
    rule = {"any": [
        {"rule": "attribute", "field": "email", "op": "equals", "value": f"n{EMAIL}"},
        {"rule": "attribute", "field": "city", "op": "equals", "value": "Paris"},
        {"rule": "attribute", "field": "external_id", "op": "in", "value": ["Paris", "7"]},
    ]}  # fmt: skip
    segment = Segment.objects.create(name="Others", rule=rule)
    file = CsvImport.objects.create(name="file.csv")
    namesake = CsvRefusal.objects.create(csv_import=file, line=2, reason="no", cells=["Ada", NAME, "ada@other.example"])
    half = CsvRefusal.objects.create(csv_import=file, line=3, reason="no", cells=["Grace", NAME])
    Contact.objects.filter(pk=ada.pk).update(external_id="Paris")
    erasing.erase([ada.pk], NOW, "by mia")
    segment.refresh_from_db()
    assert [each["value"] for each in segment.rule["any"]] == [f"n{EMAIL}", "Paris", ["(erased)", "7"]]
    assert CsvRefusal.objects.get(pk=namesake.pk).cells[2] == "ada@other.example"
    assert CsvRefusal.objects.get(pk=half.pk).cells == ["Grace", NAME]


def test_many_who_are_erased_at_once_are_named_nowhere_either(everywhere):
    others = make.contacts(9, "corp.example")
    Segment.objects.create(name="More", description="See c3@corp.example.\nAsk c33@corp.example", rule={"all": []})
    erasing.erase([everywhere.pk, *others], NOW, "by mia")
    assert places_of(f"{EMAIL}", "c3@corp.example") == []
    assert Segment.objects.get(name="More").description == "See (erased).\nAsk c33@corp.example"


def test_a_file_that_still_waits_is_told_of_however_it_is_written(ada):
    named = []
    for nth, text in enumerate((f"x,{EMAIL.upper()}", f"x;{PHONE.lstrip('+')}", f"x,n@example.com,{NAME}")):
        for encoding in ("utf-8", "utf-16"):
            content = ("y" * 500 + text).encode(encoding)
            file = CsvImport.objects.create(name=f"{nth} {encoding}.csv", state="failed")
            cut = len(content) - 9
            for place, piece in enumerate((content[:cut], content[cut:])):
                CsvChunk.objects.create(csv_import=file, place=place, content=piece)
            named += [file] if nth < 2 else []
    assert {file.pk for file in forgetting.waiting_files(ada)} == {file.pk for file in named}


def test_a_row_about_somebody_barred_is_refused_and_not_kept(ada):
    erasing.erase([ada.pk], NOW, "by mia")
    rows = [(["x", f" {EMAIL.upper()}", NAME], "Line: no day"), (["y"], barring.SENTENCE), (["z@example.com"], "no")]
    assert barring.without(rows) == [([], barring.SENTENCE), ([], barring.SENTENCE), (["z@example.com"], "no")]


def test_every_table_that_names_a_contact_is_known():
    """A table that comes later has to say what becomes of its rows when contacts are merged and erased."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT table_name FROM information_schema.columns
               WHERE table_schema = 'public' AND column_name = 'contact_id'"""
        )
        naming = {name for (name,) in cursor.fetchall()}
    known = {
        model._meta.db_table
        for relation in Contact._meta.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete and (model := relation.related_model) is not None
    }
    told = set().union(*(module.TABLES for module in ties.modules()))
    assert naming | known == told


def test_their_pass_ends_and_what_is_queued_stays_unsent(ada):
    graph = make.graph(("in", "now", {}), ("wait", "wait", {"amount": 3, "unit": "days"}), edges="in>wait")
    starting.start(make.scenario(graph), NOW)
    until_still(NOW)
    letters.queue([ada.pk], letters.content(), origin="campaign:9:a", now=NOW)
    erasing.erase([ada.pk], NOW, "by mia")
    passed = Execution.objects.get()
    assert passed.state == "exited"
    assert Step.objects.filter(execution=passed).latest("number").reason == "The contact was erased."
    message = Message.objects.get()
    assert (message.state, message.reason) == ("skipped", "contact erased")
    assert recount.of_tables() == {}


def test_they_are_left_out_everywhere(ada, api, client):
    segment = Segment.objects.create(name="Not vip", rule={"not": {"rule": "tag", "name": "vip"}})
    Pair.objects.create(one=ada, other=make.contact("x@example.com"), score=9, reasons=["plus"], search=1, found_at=NOW)
    erasing.erase([ada.pk], NOW, "by mia")
    assert not Contact.objects.filter(pk=ada.pk).exists()
    assert not search(Contact.objects.all(), "ada").exists()
    assert ada.pk not in set(segments.audience(segment.rule, NOW).values_list("pk", flat=True))
    assert segments.matching(segment.rule, [ada.pk], NOW) == set()
    event = Event.objects.filter(contact=ada).first()
    assert event is not None
    assert segments.matching_events(segment.rule, [event.pk], NOW) == set()
    assert not Pair.objects.exists()
    assert not Consent.objects.exists()
    answer = api.get(f"/api/v1/contacts/{ada.pk}/")
    assert answer.status_code == 404
    assert [row["email"] for row in api.get("/api/v1/contacts/").json()["results"]] == ["x@example.com"]
    recorded = api.post("/api/v1/events/", {"events": [{"contact": {"id": ada.pk}, "name": "paid"}]}).json()
    assert recorded["accepted"] == 0
    client.force_login(User.objects.create_superuser("mia"))
    assert client.get(f"/contacts/{ada.pk}/").status_code == 404


def test_their_old_mails_still_work_and_tell_nothing_new(everywhere):
    erasing.erase([everywhere.pk], NOW, "by mia")
    sent = Message.objects.select_related("origin", "contact").get(contact_id=everywhere.pk, sent_at=NOW)
    hits.opened(sent, Seen("Mozilla/5.0 of Lovelace"), LATER)
    assert visits.clicked(sent, 0, "https://shop.example", LATER)
    assert unsubscribing.is_unsubscribed(sent)
    assert not unsubscribing.unsubscribe(sent, unsubscribing.PAGE, NOW)
    assert set(Hit.objects.values_list("agent", flat=True)) == {""}
    assert recount.of_tables() == {}


def test_their_address_is_not_added_again_unless_that_is_wanted(ada):
    bob = saving.create({"email": "bob@example.com"}, NOW)
    erasing.erase([ada.pk], NOW, "by mia")
    erasing.erase([bob.pk], NOW, "by mia", bar=False)
    rows = [{"email": EMAIL.upper()}, {"email": "new@example.com", "phone": PHONE}, {"email": "bob@example.com"}]
    result = saving.upsert(rows, NOW, "import")
    assert result.created == 1
    assert [(one.index, list(one.errors)) for one in result.failed] == [(0, ["email"]), (1, ["phone"])]
    assert "asked to be forgotten" in str(result.failed[0].errors)
    with pytest.raises(Exception, match="asked to be forgotten"):
        saving.create({"email": EMAIL}, NOW)
    assert places_of(EMAIL) == []


@pytest.mark.django_db(transaction=True)
def test_what_was_being_written_meanwhile_is_forgotten_too(ada):
    erasing.erase([ada.pk], NOW, "by mia")
    # Somebody who had read of them before writes it down only now; see contacts.people.lingering.
    Event.objects.create(contact_id=ada.pk, name="late", properties={"mail": EMAIL}, at=NOW)
    lingering.settle(NOW)
    assert lingering.settle(NOW)
    assert places_of(EMAIL, NAME) == []


@pytest.mark.django_db(transaction=True)
def test_counts_stay_what_a_recount_gives(django_assert_max_num_queries):
    """After traffic of every kind, some people are merged and many erased at once."""
    chance = random.Random(7)
    ids = traffic.contacts(60)
    regulars = Segment.objects.create(name="Regulars", rule={"all": []})
    traffic.scenario(regulars, traffic.template())
    until_still(NOW)
    traffic.mailing(ids, [regulars], NOW)
    until_still(NOW)
    now = traffic.happen(chance, NOW, 150)
    assert recount.of_tables() == {}
    for kept, gone in zip(ids[:10], ids[10:20], strict=True):
        joining.merge(kept, gone, {}, now)
    assert recount.of_tables() == {}
    with django_assert_max_num_queries(80):
        erasing.erase(ids[15:50], now, "by mia")
    assert recount.of_tables() == {}
    assert places_of("c21@", "c33@") == []
