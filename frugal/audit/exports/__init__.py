"""The audit in the formats that others read, each written from the content of `audit.json` alone."""
