"""When a message goes, waits or is left out: caps in rolling windows, quiet hours over changes of clocks."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.courtesy import judging
from campaigns.courtesy.judging import DAY, WEEK, Asked, Cap, Quiet, Rules, decide, quiet_until
from campaigns.skip_reasons import CAPPED, QUIET_HOURS, TOO_LATE
from contacts.zones import zone
from tests.make import NOW

NIGHT = Quiet(time(21), time(8))
HOUR = timedelta(hours=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def email(**fields) -> Asked:
    return Asked(**{"channel": "email", "planned_at": NOW, **fields})


@pytest.mark.parametrize(
    ("moment", "zone_name", "until"),
    [
        ("2026-03-10T20:59", "UTC", None),
        ("2026-03-10T21:00", "UTC", "2026-03-11T08:00"),
        ("2026-03-11T07:59", "UTC", "2026-03-11T08:00"),
        ("2026-03-11T08:00", "UTC", None),
        ("2026-03-10T12:30", "Asia/Tokyo", "2026-03-10T23:00"),
        # The night in which the clocks of Paris go forward is an hour shorter, the other an hour longer.
        ("2026-03-28T20:30", "Europe/Paris", "2026-03-29T06:00"),
        ("2026-10-24T19:30", "Europe/Paris", "2026-10-25T07:00"),
        # Santiago's clocks are put back at midnight: it is Saturday 23:30 twice.
        ("2026-04-05T03:30", "America/Santiago", "2026-04-05T12:00"),
    ],
)
def test_quiet_hours_are_those_of_the_contacts_clocks(moment, zone_name, until):
    assert quiet_until(utc(moment), zone_name, NIGHT) == (utc(until) if until else None)


def test_an_end_that_clocks_skip_is_behind_the_gap():
    assert quiet_until(utc("2026-03-29T00:30"), "Europe/Paris", Quiet(time(0), time(2, 30))) == utc("2026-03-29T01:30")


def test_a_quiet_sunday_goes_on_into_the_night_after_it():
    sundays = Quiet(time(21), time(8), whole_days=frozenset({7}))
    assert quiet_until(utc("2026-03-14T22:00"), "UTC", sundays) == utc("2026-03-16T08:00")


def test_hours_may_be_quiet_on_some_weekdays_only():
    weekend = Quiet(time(12), time(14), frozenset({6, 7}))
    assert quiet_until(utc("2026-03-13T13:00"), "UTC", weekend) is None
    assert quiet_until(utc("2026-03-14T13:00"), "UTC", weekend) == utc("2026-03-14T14:00")


clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
# Around the days on which clocks of these zones change.
moments = st.builds(
    lambda day, minutes: datetime.combine(day, time(), UTC) + timedelta(days=minutes // 1440, minutes=minutes % 1440),
    st.sampled_from([date(2026, 3, 28), date(2026, 10, 24), date(2026, 4, 4), date(2026, 9, 5), date(2026, 6, 10)]),
    st.integers(0, 4 * 1440),
)
zone_names = st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Santiago"])
quiets = st.builds(
    Quiet, clocks, clocks, st.frozensets(st.integers(1, 7), min_size=1), st.frozensets(st.integers(1, 7), max_size=5)
).filter(lambda quiet: quiet.begins != quiet.ends)


@settings(max_examples=400, deadline=None)
@given(moments, zone_names, quiets)
def test_what_waits_for_the_end_comes_out_where_it_is_not_quiet_and_not_an_instant_later(moment, zone_name, quiet):
    end = quiet_until(moment, zone_name, quiet)
    if end is None:
        return
    assert end > moment
    assert quiet_until(end, zone_name, quiet) is None
    assert quiet_until(end - timedelta(microseconds=1), zone_name, quiet) == end
    shown = end.astimezone(zone(zone_name)).time()
    assert shown in (quiet.ends, time()) or _changed_lately(end, zone_name)


def _changed_lately(moment, zone_name):
    here = zone(zone_name)
    return moment.astimezone(here).utcoffset() != (moment - 4 * HOUR).astimezone(here).utcoffset()


@settings(max_examples=300, deadline=None)
@given(moments, zone_names, clocks, clocks)
def test_on_plain_days_it_is_quiet_exactly_while_the_clock_says_so(moment, zone_name, begins, ends):
    if begins == ends or _changes_near(moment, zone_name):
        return
    clock = moment.astimezone(zone(zone_name)).time()
    inside = begins <= clock < ends if begins < ends else (clock >= begins or clock < ends)
    assert (quiet_until(moment, zone_name, Quiet(begins, ends)) is not None) == inside


def _changes_near(moment, zone_name):
    here = zone(zone_name)
    return len({(moment + n * 12 * HOUR).astimezone(here).utcoffset() for n in range(-4, 5)}) > 1


def test_a_second_message_of_the_day_waits_until_the_first_is_a_day_old():
    rules = Rules(caps=(Cap("", 1, DAY),))
    sent = [(NOW - 20 * HOUR, "sms")]
    assert decide(email(), sent, rules, NOW) == judging.Decision(CAPPED, NOW + 4 * HOUR)
    assert decide(email(), sent, rules, NOW + 4 * HOUR) == judging.SEND


def test_a_cap_of_one_channel_does_not_look_at_others():
    rules = Rules(caps=(Cap("sms", 1, DAY),), skips_capped=True)
    sent = [(NOW, "sms")]
    assert decide(email(), sent, rules, NOW) == judging.SEND
    assert decide(email(channel="sms"), sent, rules, NOW) == judging.Decision(CAPPED)


def test_exempt_topics_go_at_any_time():
    rules = Rules((Cap("", 1, DAY),), {"email": Quiet(time(0), time(23, 59))}, frozenset({"receipts"}), 2 * HOUR)
    asked = email(topic=" Receipts", planned_at=NOW - 5 * HOUR)
    assert decide(asked, [(NOW, "email")], rules, NOW) == judging.SEND
    assert decide(email(topic="Offers"), [], rules, NOW).reason == QUIET_HOURS


def test_what_is_later_than_it_may_be_is_not_sent_and_a_message_may_say_so_itself():
    rules = Rules(late=2 * HOUR)
    assert decide(email(planned_at=NOW - 2 * HOUR), [], rules, NOW) == judging.SEND
    assert decide(email(planned_at=NOW - 3 * HOUR), [], rules, NOW) == judging.Decision(TOO_LATE)
    assert decide(email(planned_at=NOW - 3 * HOUR, late=4 * HOUR), [], rules, NOW) == judging.SEND
    assert decide(email(planned_at=NOW - 2 * HOUR, late=HOUR), [], rules, NOW) == judging.Decision(TOO_LATE)


def test_what_would_be_too_late_when_quiet_hours_end_is_not_put_off():
    rules = Rules(quiet={"email": NIGHT}, late=6 * HOUR)
    night = utc("2026-03-10T22:00")
    assert decide(email(planned_at=night), [], rules, night) == judging.Decision(QUIET_HOURS)
    assert decide(email(planned_at=night + 5 * HOUR), [], rules, night + 5 * HOUR).at == utc("2026-03-11T08:00")


def test_a_place_that_frees_at_night_is_taken_in_the_morning():
    rules = Rules((Cap("email", 1, DAY),), {"email": NIGHT})
    evening = utc("2026-03-10T20:00")
    sent = [(utc("2026-03-09T22:00"), "email")]
    assert decide(email(planned_at=evening), sent, rules, evening).at == utc("2026-03-11T08:00")


caps = st.lists(
    st.builds(Cap, st.sampled_from(["", "email", "sms"]), st.integers(1, 3), st.sampled_from([DAY, WEEK])), min_size=1
)
arrivals = st.lists(st.tuples(st.integers(0, 10 * 24 * 60), st.sampled_from(["email", "sms"])), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None)
@given(caps, arrivals, st.booleans(), st.booleans())
def test_no_window_ever_has_more_than_its_cap_and_nothing_waits_for_nothing(caps, arrivals, skips, nights):
    rules = Rules(tuple(caps), {"email": NIGHT} if nights else {}, skips_capped=skips)
    queue = sorted((NOW + timedelta(minutes=minute), channel) for minute, channel in arrivals)
    sent: list[tuple[datetime, str]] = []
    steps = 0
    while queue:
        queue.sort()
        now, channel = queue.pop(0)
        recent = [one for one in sent if one[0] > now - WEEK]
        decision = decide(Asked(channel, now, zone="Europe/Paris"), recent, rules, now)
        if not decision.reason:
            sent.append((now, channel))
        elif decision.at is not None:
            assert decision.at > now
            queue.append((decision.at, channel))
        else:
            assert any(_full(cap, now, channel, sent) for cap in caps)
        steps += 1
        assert steps < 5_000
    for cap in caps:
        counted = [at for at, channel in sent if cap.channel in ("", channel)]
        assert all(sum(at - cap.span < other <= at for other in counted) <= cap.most for at in counted)
    if not skips:
        assert len(sent) == len(arrivals)


def _full(cap, now, channel, sent):
    if cap.channel not in ("", channel):
        return False
    return sum(at > now - cap.span and cap.channel in ("", by) for at, by in sent) >= cap.most
