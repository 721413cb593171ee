"""What territories ask of an estuary beside its study: windows of navigation and of fish, forecasts from day to day."""
