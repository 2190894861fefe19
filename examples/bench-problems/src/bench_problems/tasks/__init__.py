"""What is asked: one file per task, imported when the task is planned, so nothing heavy stands at its top."""
