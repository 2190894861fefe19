"""Pure functions that score predictions and samples; imported only where runs are executed."""
