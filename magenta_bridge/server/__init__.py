"""The gRPC server: what goes over the wire, and which thread does the work."""
