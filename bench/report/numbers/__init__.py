"""From records to numbers: what may be compared, what was measured, what evidence says of it."""
