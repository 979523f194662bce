"""Plays in real time: ports, a clock, a ledger of what sounds, and a process that keeps watch.

Nothing here loads a model. Notes leave through one door, ``outlet.Outlet``, which writes down
every note before it sounds; whatever ends the playing process, ``supervisor`` reads there what
still sounds and ends it.
"""
