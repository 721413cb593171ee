"""What a prevention plan asks of one flood: hazard classes, maps, contours, states, series and discharges as files."""
