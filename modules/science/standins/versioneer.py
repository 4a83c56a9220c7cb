"""pandas' build imports it, and then takes the version that is in its source."""
