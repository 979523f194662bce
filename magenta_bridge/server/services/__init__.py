"""The servicers of the rpcs, and their requests and messages."""
