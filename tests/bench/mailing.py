"""A campaign to a million contacts: what people wait for in the pages, and how fast its audience is queued.

Beside each time stands that of the plainest statement that could answer: the count of the table, or copying its ids.
PostgreSQL with durable settings. `python -m tests.bench.mailing [contacts]`
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.bench._database import database, peak_memory_mb, run

CONTACTS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WORDS = {"subject": "Sale, {{ contact.first_name }}", "body": "<p>{{ unsubscribe_url }}</p>"}


def crowd() -> None:
    run(
        "INSERT INTO contacts_contact (email, phone, first_name, last_name, timezone, language, attributes, created_at,"
        " updated_at) SELECT 'c' || n || '@example.com', (ARRAY['+336', '+1415', '+44791', '+4915'])[1 + n %% 4]"
        " || lpad(n::text, 8, '0'), 'Ada', 'Nr ' || n, (ARRAY['', 'Europe/Paris', 'Asia/Tokyo', 'America/New_York'])"
        "[1 + n %% 4], 'en', jsonb_build_object('city', 'city' || n %% 50), %s, %s FROM generate_series(1, %s) AS n",
        NOW, NOW, CONTACTS,
    )  # fmt: skip
    run(
        "INSERT INTO contacts_consent (contact_id, channel, state, at, source) SELECT id, 'email', CASE WHEN"
        " id %% 10 = 0 THEN 'unsubscribed' ELSE 'subscribed' END, %s, 'bench' FROM contacts_contact",
        NOW,
    )
    run(
        "INSERT INTO contacts_suppression (channel, address, reason, at) SELECT 'email', email, '', %s"
        " FROM contacts_contact WHERE id %% 33 = 0",
        NOW,
    )
    run("ANALYZE")


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return round(time.perf_counter() - began, 3)


def capped() -> None:
    """Every second contact got a message this week, and a cap of one a day and two a week leaves some of them out."""
    from campaigns.courtesy import saving
    from campaigns.models import Courtesy

    saving.keep({"caps": {"email": {"day": 1, "week": 2}}, "when_capped": "skip"})
    Courtesy.objects.update(remembers=True)
    run(
        "INSERT INTO campaigns_recentmessage (message_id, contact_id, channel, at) SELECT n, 1 + n %% %s, 'email',"
        " %s::timestamptz - interval '6 days' * n / %s FROM generate_series(1, %s) AS n",
        CONTACTS, NOW, CONTACTS // 2, CONTACTS // 2,
    )  # fmt: skip
    run("VACUUM ANALYZE campaigns_recentmessage")


def measure() -> dict[str, Any]:
    from campaigns.courtesy import saving as courtesy_saving
    from campaigns.mailings import audience, audience_files, commands, estimating, queueing, stats
    from campaigns.mailings import saving as campaign_saving
    from campaigns.models import AudienceFile, Price

    crowd()
    Price.objects.create(channel="sms", country="FR", amount="0.05")
    rule = {"rule": "attribute", "field": "city", "op": "not_equals", "value": "city1"}
    given = {"name": "Bench", "channel": "email", "variants": [WORDS, {**WORDS, "subject": "B"}], "audience": {}}
    given["test"] = {"share_percent": 20, "wait_hours": 1, "measure": "opened"}
    given["schedule"] = {"when": "at", "at": "2026-03-03T09:00", "timezone": "contact", "spread_hours": 2}
    campaign = campaign_saving.create(given, None, NOW)
    short = {"channel": "sms", "variants": [{"body": "Hi"}], "test": {}}
    sms = campaign_saving.create({**given, **short, "audience": {"rule": rule}}, None, NOW)
    found: dict[str, Any] = {"contacts": CONTACTS}
    found["plain_count_s"] = timed(lambda: run("SELECT count(*) FROM contacts_contact"))
    found["counted_s"] = timed(lambda: audience.counted(campaign, NOW))
    found["estimate_email_s"] = timed(lambda: estimating.estimate(campaign, NOW))
    found["estimate_sms_by_country_s"] = timed(lambda: estimating.estimate(sms, NOW))

    lines = [b"email\n", *(f"C{n}@Example.com\n".encode() for n in range(1, CONTACTS + 1))]
    file = campaign_saving.create({**given, "name": "File"}, None, NOW)
    pieces = [b"".join(lines[n : n + 50_000]) for n in range(0, len(lines), 50_000)]
    found["file_upload_s"] = timed(lambda: audience_files.upload(file, "people.csv", pieces, NOW))
    reading: list[float] = []
    while AudienceFile.objects.filter(state=AudienceFile.State.READING).exists():
        reading.append(timed(lambda: audience_files.work(NOW)))
    found["file_read_s"], found["file_slices"] = round(sum(reading), 1), len(reading)
    found["slowest_slice_of_file_s"] = max(reading)
    found["file_counted_s"] = timed(lambda: audience.counted(file, NOW))

    capped()
    found["capped_counted_s"] = timed(lambda: audience.counted(campaign, NOW))
    courtesy_saving.keep({})

    found["plain_copy_of_ids_s"] = timed(lambda: run("CREATE TABLE copied AS SELECT id FROM contacts_contact"))
    found["send_s"] = timed(lambda: commands.send(campaign, NOW))
    found["counting_slice_s"] = timed(lambda: queueing.queue(NOW))
    slices: list[float] = []
    from datetime import timedelta

    from campaigns.mailings.deciding import decide

    while True:
        slices.append(timed(lambda: queueing._slice(NOW)))
        campaign.refresh_from_db()
        if campaign.phase == "waiting":
            break
    found["test_s"], found["test_slices"] = round(sum(slices), 1), len(slices)
    found["slowest_slice_of_test_s"] = max(slices)
    from campaigns.models import Message

    Message.objects.update(state="sent")
    later = campaign.decides_at + timedelta(seconds=1)
    found["decide_s"] = timed(lambda: decide(later))
    slices.clear()
    while campaign.phase != "queued":
        slices.append(timed(lambda: queueing._slice(later)))
        campaign.refresh_from_db()
    found["rest_s"], found["rest_slices"] = round(sum(slices), 1), len(slices)
    found["slowest_slice_of_rest_s"] = max(slices)
    found["queued_per_s"] = round(campaign.phase_count / sum(slices))
    found["stats_s"] = timed(lambda: stats.numbers(campaign))
    found["pause_s"] = timed(lambda: commands.pause(campaign, later))
    found["cancel_s"] = timed(lambda: commands.cancel(campaign, later))
    slices.clear()
    while True:
        began = time.perf_counter()
        more = queueing.withdraw(later)
        slices.append(time.perf_counter() - began)
        if not more:
            break
    found["withdraw_s"], found["slowest_slice_of_withdrawing_s"] = round(sum(slices), 1), round(max(slices), 3)
    found["peak_memory_mb"] = peak_memory_mb()
    return found


if __name__ == "__main__":
    with database("mailing"):
        print(json.dumps(measure(), indent=2))
