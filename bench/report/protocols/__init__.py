"""The figures and findings that belong to one protocol, one file each."""
