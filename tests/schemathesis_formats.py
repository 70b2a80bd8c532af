"""Strings of the formats that the OpenAPI document names and JSON Schema does not know."""

import schemathesis
from hypothesis import strategies

schemathesis.openapi.format(
    "iana-time-zone", strategies.sampled_from(["Europe/Copenhagen", "America/New_York", "Asia/Kathmandu", "UTC"])
)
schemathesis.openapi.format("ip-address", strategies.ip_addresses().map(str))
