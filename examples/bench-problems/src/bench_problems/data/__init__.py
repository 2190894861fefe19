"""What is known: one file per data set, imported when it is loaded."""
