"""Runs exported programs. Knows neither TensorFlow nor music."""
