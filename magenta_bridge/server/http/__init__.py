"""The Connect protocol over HTTP/1.1: the same methods for clients without gRPC.

Source: Connect Protocol Reference, https://connectrpc.com/docs/protocol.
"""
