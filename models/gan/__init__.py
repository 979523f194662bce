"""The adversarial family: a generator of bars from noise, and its critic."""
