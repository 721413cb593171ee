"""What was booked: one line a stage, chained, so that a line that was changed or cut is noticed."""
