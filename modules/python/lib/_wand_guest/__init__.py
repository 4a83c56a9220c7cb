"""The guest's side of the ABI, in Python: see modules/ABI.md. Programs have no business here."""
