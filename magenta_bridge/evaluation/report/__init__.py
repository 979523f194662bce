"""The page that lays bundles side by side, for people who need not know the terms."""
