"""The parts of a report, one file each: they make blocks of what the numbers allow to say."""
