"""The rules under which a model is trained and scored, one file per protocol."""
