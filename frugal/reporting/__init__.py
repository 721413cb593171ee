"""What people read on any surface: texts in two languages, numbers and units as written by hand, progress, plots."""
