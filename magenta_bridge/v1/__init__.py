"""Generated from ``protos/magenta_bridge/v1`` by ``make protos``; never edited by hand."""
