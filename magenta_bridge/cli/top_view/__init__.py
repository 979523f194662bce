"""What ``magenta-bridge top`` shows, from a scrape to the screen."""
