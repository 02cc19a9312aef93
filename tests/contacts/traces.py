"""Traces that a person leaves all over the database, and where they stand."""

from datetime import timedelta
from urllib.parse import quote

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django_q.models import Task

from campaigns.delivery import sending
from campaigns.models import (
    AudienceFile,
    Campaign,
    InboxMessage,
    Listed,
    Message,
    Notice,
    Objective,
    Provider,
    SavedReport,
)
from campaigns.tracking import hits
from campaigns.tracking.machines import Seen
from config.models import User
from contacts import timeline
from contacts.models import (
    BulkEdit,
    Contact,
    CsvImport,
    CsvRefusal,
    SavedView,
    Segment,
    Suppression,
    Tag,
)
from contacts.people import joining
from contacts.timeline import NewEvent
from flows import saving as flows_saving
from flows import starting
from templates_app.models import Template
from tests import make
from tests.campaigns import letters
from tests.flows.drive import until_still

NOW = make.NOW
LATER = NOW + timedelta(hours=1)
EMAIL, PHONE, NAME, NUMBER = "ada.lovelace@example.com", "+33612345678", "Lovelace", "CUST-4711"


def places_of(*words: str) -> list[str]:
    """Every column of every table in which one of the words stands, however it is spelled."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT table_name, column_name FROM information_schema.columns
               JOIN information_schema.tables USING (table_schema, table_name)
               WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1, 2"""
        )
        columns = cursor.fetchall()
        assert len(columns) > 300
        for table, column in columns:
            cursor.execute(
                f"""SELECT count(*) FROM "{table}" WHERE lower(CASE WHEN pg_typeof("{column}")::text = 'bytea'
                    THEN encode("{column}"::text::bytea, 'escape') ELSE "{column}"::text END) LIKE ANY(%s)""",
                [[f"%{word.lower()}%" for word in words]],
            )
            if cursor.fetchone()[0]:
                found.append(f"{table}.{column}")
    return found


def leave(ada: Contact) -> None:
    """Wherever somebody can."""
    twin = make.contact("Ada.Lovelace+shop@example.com", last_name=NAME)
    joining.merge(ada.pk, twin.pk, {}, NOW, "by mia")
    timeline.record([NewEvent(ada.pk, "order.placed", {"to": f"Mrs {NAME}", "mail": EMAIL}, key=f"order:{EMAIL}")], NOW)
    graph = make.graph(
        ("in", "now", {}),
        ("mail", "email", {"subject": "Hello {{ contact.last_name }}", "body": "<p>{{ contact.email }}</p>"}),
        ("wait", "wait", {"amount": 3, "unit": "days"}),
        edges="in>mail mail>wait",
    )
    starting.start(make.scenario(graph), NOW)
    until_still(NOW)
    while sending.work(NOW):
        pass
    sent = Message.objects.select_related("origin").get(contact=ada, sent_at=NOW)
    assert InboxMessage.objects.filter(recipient__icontains=EMAIL).exists()
    hits.opened(sent, Seen("Mozilla/5.0 of Lovelace"), LATER)
    Message.objects.filter(pk=sent.pk).update(reason=f"250 ok for {EMAIL}")
    provider = Provider.objects.get(channel="email")
    Notice.objects.create(
        provider=provider, key="1", what="delivered", message_id=sent.pk, recipient=EMAIL, agent=NAME, at=NOW,
        received_at=NOW,
    )  # fmt: skip
    Notice.objects.create(provider=provider, key="2", what="hard", recipient=EMAIL.upper(), at=NOW, received_at=NOW)
    InboxMessage.objects.create(channel="email", sender="us", recipient=EMAIL, text="A test", at=NOW)
    file = CsvImport.objects.create(name="file.csv", state=CsvImport.State.DONE)
    CsvRefusal.objects.create(csv_import=file, line=2, reason=f"{EMAIL}: no", cells=["x", f"Ada <{EMAIL}>", NAME])
    CsvRefusal.objects.create(csv_import=file, line=3, reason="no", cells=["06 12 34 56 78", NAME])
    campaign = Campaign.objects.create(name="Sale", channel="email", created_at=NOW)
    Listed.objects.create(campaign=campaign, contact=ada)
    unknown = [{"line": 2, "text": EMAIL, "sentence": f"No contact has {EMAIL}."}, {"line": 3, "text": "bob"}]
    AudienceFile.objects.create(campaign=campaign, unknown_rows=unknown)
    CsvRefusal.objects.create(csv_import=file, line=4, reason="no day", cells=["Ada", "31/31/1990", f" {NAME} "])
    CsvRefusal.objects.create(csv_import=file, line=5, reason="no day", cells=[f"{NAME}, Ada", "x"])
    CsvRefusal.objects.create(csv_import=file, line=6, reason="no email", cells=["ada.lovelace@example,com"])
    mia = User.objects.create_user("mia")
    written_by_others(mia)
    SavedView.objects.create(name="Her", filters={"q": EMAIL}, owner=mia, created_at=NOW)
    Suppression.objects.create(channel="email", address=EMAIL.title(), reason="asked", at=NOW)
    LogEntry.objects.create(
        user=mia, content_type=ContentType.objects.get_for_model(Contact), object_id=str(ada.pk),
        object_repr=f"Ada {NAME}", action_flag=2,
    )  # fmt: skip


def written_by_others(mia: User) -> None:
    """What names her by her address, or by her number, wherever an operator can write something."""
    other_spelling = "+33 6 12-34.56 78"
    rule = {"any": [
        {"rule": "attribute", "field": "email", "op": "in", "value": ["x@example.com", EMAIL.upper()]},
        {"not": {"rule": "attribute", "field": "external_id", "op": "equals", "value": NUMBER}},
        {"rule": "event", "name": "paid", "did": True, "where": [{"field": "by", "op": "equals", "value": PHONE}]},
    ]}  # fmt: skip
    Segment.objects.create(name=f"For {EMAIL}", description=f"See {other_spelling}.", rule=rule)
    Segment.objects.create(name="Copy", kind="static", rule={"all": []}).placements.create(
        name=f"{EMAIL}.csv", created_at=NOW, rule=rule, unknown_rows=[{"line": 2, "text": EMAIL, "sentence": "Who?"}]
    )
    SavedView.objects.create(
        name=f"Is {EMAIL}", filters={"attribute": "mail", "value": EMAIL}, owner=mia, created_at=NOW
    )
    Tag.objects.create(name=f"from {EMAIL}")
    BulkEdit.objects.create(
        action="set_consent", created_at=NOW, selection={"filters": {"q": EMAIL, "value": PHONE}},
        values={"channel": "email", "state": "unknown", "basis": f"{EMAIL} asked"}, source="bulk edit by mia",
    )  # fmt: skip
    CsvImport.objects.create(name=f"export of {EMAIL}.xlsx", headers=["x", EMAIL], error=f"{EMAIL} is twice there.")
    graph = make.graph(("in", "now", {}), ("if", "condition", {"rule": rule}), edges="in>if")
    scenario = make.scenario(graph, f"Only {EMAIL}", description=EMAIL, exits={"rule": rule}, draft=graph)
    flows_saving.save(scenario, make.graph(("in", "now", {}), edges=""), {}, None, None, NOW)
    assert scenario.flows.count() == 2
    audience = {"segments": [], "tags": [], "file": False, "exclude": [], "rule": rule}
    chain = Campaign.objects.create(name="Chain", kind="chain", audience=audience, created_at=NOW)
    chain.steps.create(key="a", position=1, name=EMAIL, channel="email", terms=rule, message={"body": f"cc {EMAIL}"})
    template = Template.objects.create(name="Letter", channel="email", folder=EMAIL)
    body = f'<a href="mailto:{EMAIL}?subject=x">{other_spelling}</a>'
    template.versions.create(number=1, state="published", subject=EMAIL, body=body, design={"text": [body]})
    template.versions.create(number=2, state="rejected", body="x", review=f"Ask {EMAIL}")
    content = letters.content(body=f'<a href="https://shop.example/?mail={quote(EMAIL)}">x</a>')
    content.links.create(number=7, url=f"https://shop.example/?mail={quote(EMAIL)}")
    SavedReport.objects.create(name="Hers", query=f"q={quote(EMAIL)}&x=1", owner=mia, created_at=NOW)
    Objective.objects.create(owner="scenario:99", kind="event", event="paid", filter=rule)
    Suppression.objects.create(channel="email", address="other@example.com", reason=f"asked by {EMAIL}", at=NOW)
    LogEntry.objects.create(
        user=mia, content_type=ContentType.objects.get_for_model(Segment), object_id="1", object_repr=f"For {EMAIL}",
        action_flag=2, change_message=f"Changed to {PHONE}",
    )  # fmt: skip
    Task.objects.create(
        id="a", name="a", func="work", started=NOW, stopped=NOW, success=False,
        result=f"IntegrityError: Key (lower(email))=({EMAIL}) already exists.",
    )  # fmt: skip
