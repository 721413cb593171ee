"""Commands about estuaries: windows, forecasts, and observations to fetch."""
