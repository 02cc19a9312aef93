"""Every reason for which a message is not sent: what the ledger keeps, counts and can be filtered by."""

from contacts.consent import NO_CONSENT, NO_TOPIC, SUPPRESSED
from contacts.reaching import NO_ADDRESS

INVALID_ADDRESS = "invalid address"
CONTACT_DELETED = "contact deleted"
CAPPED = "capped"
QUIET_HOURS = "quiet hours"
TOO_LATE = "too late"
CAMPAIGN_CANCELLED = "campaign cancelled"
SCENARIO_STOPPED = "scenario stopped"
SCENARIO_CLEARED = "scenario cleared"
TAKEN_OUT = "taken out of the scenario"

# What each means, for people.
SENTENCES = {
    NO_CONSENT: "The contact has not agreed to be written to on this channel, or has taken it back.",
    NO_TOPIC: "The contact has left the topic of the message, or has not agreed to it where that is needed.",
    SUPPRESSED: "The address bounced or complained before, or somebody put it or its domain on the list.",
    NO_ADDRESS: "The contact has no address on this channel.",
    INVALID_ADDRESS: "The contact’s address cannot be written to.",
    CONTACT_DELETED: "The contact was deleted before it left.",
    CAPPED: "The contact has got as many messages lately as the courtesy settings allow.",
    QUIET_HOURS: "It was due in quiet hours where the contact lives.",
    TOO_LATE: "It was later than it may be.",
    CAMPAIGN_CANCELLED: "Its campaign was cancelled.",
    SCENARIO_STOPPED: "Its scenario was stopped.",
    SCENARIO_CLEARED: "All contacts were taken out of its scenario.",
    TAKEN_OUT: "The contact was taken out of the scenario by hand.",
}
ALL = tuple(SENTENCES)

# What it waits for, where it is put off for one of them and not skipped.
WAITS = {
    CAPPED: "Waits: the contact has got as many messages lately as the courtesy settings allow.",
    QUIET_HOURS: "Waits for the end of quiet hours where the contact lives.",
}
