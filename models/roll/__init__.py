"""Networks of piano rolls, for the published tables; no bundle ships of these."""
