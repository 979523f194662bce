"""gRPC: calls, their boundary and their statuses."""
