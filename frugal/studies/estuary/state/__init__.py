"""The state of an estuary over a spring–neap cycle: the study `estuary`, its runs and what they tell."""
