"""What computing weighs: factors, footprint with intervals, share of planetary boundaries."""
