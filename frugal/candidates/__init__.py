"""Candidates as they were measured, and decisions over them: what ``candidates.json`` holds, typed."""
