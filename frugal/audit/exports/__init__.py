"""The audit in the formats that others read."""
