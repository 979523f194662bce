"""Run exported programs, without TensorFlow and without musical knowledge."""
