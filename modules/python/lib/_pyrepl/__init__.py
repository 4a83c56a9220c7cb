"""Only what pydoc wants of it: there is no terminal here."""
