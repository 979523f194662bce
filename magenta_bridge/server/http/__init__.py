"""The Connect protocol over HTTP/1.1: the same methods for who cannot speak gRPC.

Source: Connect Protocol Reference, https://connectrpc.com/docs/protocol.
"""
