"""Forecasts of an estuary that go on from day to day: what drives them, the state that is kept, what they are worth, files."""
