"""What ``magenta-bridge doctor`` looks at, one module per area."""
