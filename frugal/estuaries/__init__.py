"""What territories ask of an estuary beside its study: windows of navigation and of fish, forecasts that go on from day to day."""
