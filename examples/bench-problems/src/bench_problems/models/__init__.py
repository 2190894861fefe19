"""Who is asked: one file per model, imported when it is built."""
