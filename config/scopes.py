"""What an API key may be allowed to do."""

RESOURCES = {
    "contacts": "Contacts",
    "topics": "Topics",
    "suppressions": "Suppressed addresses",
    "attributes": "Attributes",
    "events": "Events",
    "segments": "Segments",
    "templates": "Templates",
    "providers": "Providers",
    "budget": "Budget",
    "campaigns": "Campaigns",
    "courtesy": "Courtesy",
    "messages": "Messages",
    "reports": "Reports",
    "scenarios": "Scenarios",
    "objectives": "Objectives",
}
EVERYTHING = "*"
SCOPES = [EVERYTHING, *(f"{resource}:{access}" for resource in RESOURCES for access in ("read", "write"))]
