"""Strings of the formats that the OpenAPI document names."""

from datetime import datetime, timedelta

import schemathesis
from hypothesis import strategies

# JSON Schema knows these not.
schemathesis.openapi.format(
    "iana-time-zone", strategies.sampled_from(["Europe/Copenhagen", "America/New_York", "Asia/Kathmandu", "UTC"])
)
schemathesis.openapi.format("ip-address", strategies.ip_addresses().map(str))
# This it knows: but an event that lies thousands of years ahead, or of a person nobody knows and a year old, is never
# stored, and nothing behind it is reached. Whole days before today, so that a seed makes the same calls within a day.
TODAY = datetime.combine(datetime.now().date(), datetime.min.time())
schemathesis.openapi.format(
    "date-time",
    strategies.one_of(
        strategies.datetimes(TODAY - timedelta(days=30), TODAY), strategies.datetimes(datetime(1970, 1, 1), TODAY)
    ).map(lambda at: at.isoformat() + "Z"),
)


@schemathesis.serializer("application/x-ndjson")
def as_lines(_, value):
    """A text as it is: what stands in a line is for the fuzzing to say."""
    return value if isinstance(value, bytes) else str(value).encode()
